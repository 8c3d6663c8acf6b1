"""Makes the demo catalog of services/catalog/demo: its data and its pictures.

    npm pack @lobehub/fluent-emoji-3d && tar xzf lobehub-fluent-emoji-3d-*.tgz
    pip install pillow
    python3 make.py package/assets ../../services/catalog/demo

Products are written in products.txt. Pictures are composed from Microsoft's
Fluent 3D emoji (MIT) on backgrounds drawn here.
"""
import json
import pathlib
import random
import re
import sys
import unicodedata

from PIL import Image, ImageDraw, ImageFilter

SIZE = 800
COLORS = {
    "cream": "F3E9D2", "sage": "B7C4A8", "ink": "3B4252", "white": "F4F4F2", "clay": "C9805D", "slate": "6B7780",
    "steel": "B8BEC4", "brass": "C9A75A", "natural": "E2D3B8", "indigo": "3F4E8C", "rust": "B5593A", "oak": "C8A06A",
    "walnut": "7B5138", "black": "34363B", "forest": "3F5E4B", "ochre": "D0993A", "dusk": "8E7C9E", "cognac": "A9643A",
    "ruby": "9B2D3F", "gold": "D6B25E", "olive": "7C7F4E", "navy": "33456B", "sand": "DCC7A1", "moss": "77875A",
    "red": "D2544A", "blue": "4F7FC0", "yellow": "EAC24E", "green": "63A06B", "coral": "EE8B78", "mist": "CBD5DC",
    "copper": "C67F58", "midnight": "28335A", "oxblood": "6E2B33", "blush": "EBC2C2", "ivory": "EFE8DA", "petrol": "2E6273",
    "pine": "47665A", "oat": "DDD0BC", "sea": "8DBFC0", "smoke": "8A8F96", "plum": "7D4E70", "grey": "9AA0A6", "brown": "86603F",
    "orange": "E98F45", "sky": "9CC7E8", "pearl": "E6E0DC", "silver": "C4C8CC", "tortoise": "8A5A36", "cherry": "8E3B36",
    "beech": "DDB98C", "maple": "E0B87E", "sunburst": "D08A3E", "rainbow": "E9B6C8",
}
EURO = 0.93
LOCATIONS = ("warehouse-east", "warehouse-west")


def slug(text):
    text = unicodedata.normalize("NFKD", text.replace("&", "and")).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", text).strip("-")


def rgb(hexa):
    return tuple(int(hexa[i:i + 2], 16) for i in (0, 2, 4))


def mix(a, b, t):
    return tuple(round(x + (y - x) * t) for x, y in zip(a, b))


def emoji(folder, char):
    points = [f"{ord(c):04x}" for c in char]
    tries = ["-".join(points), "-".join(p for p in points if p != "fe0f"), "-".join(points + ["fe0f"])]
    for name in tries:
        path = folder / f"{name}.webp"
        if path.exists():
            return Image.open(path).convert("RGBA")
    raise SystemExit(f"no picture of {char} ({tries})")


def ground(size, base, rng):
    """A wall and a floor in one colour, lit from a corner."""
    width, height = size
    light, deep = mix(base, (255, 255, 255), 0.55), mix(base, (60, 50, 60), 0.10)
    small = Image.new("RGB", (64, 64))
    pixels = small.load()
    cx, cy = rng.uniform(0.15, 0.45) * 64, rng.uniform(0.05, 0.3) * 64
    horizon = 46
    for y in range(64):
        for x in range(64):
            d = min(1, (((x - cx) ** 2 + (y - cy) ** 2) ** 0.5) / 78)
            color = mix(light, base, d ** 0.9)
            if y > horizon:
                color = mix(color, deep, 0.35 + 0.25 * (y - horizon) / 18)
            pixels[x, y] = color
    return small.resize((width, height), Image.BICUBIC)


def place(canvas, picture, center, size, angle=0.0, floor=None):
    picture = picture.resize((size, size), Image.LANCZOS).rotate(angle, Image.BICUBIC, expand=True)
    box = picture.getbbox()
    picture = picture.crop(box)
    x, y = round(center[0] - picture.width / 2), round(center[1] - picture.height / 2)
    foot = y + picture.height if floor is None else floor
    shadow = Image.new("RGBA", canvas.size, (0, 0, 0, 0))
    draw = ImageDraw.Draw(shadow)
    half, thick = picture.width * 0.42, max(8, size * 0.055)
    draw.ellipse([center[0] - half, foot - thick, center[0] + half, foot + thick], fill=(40, 30, 40, 105))
    canvas.alpha_composite(shadow.filter(ImageFilter.GaussianBlur(size * 0.035)))
    canvas.alpha_composite(picture.filter(ImageFilter.UnsharpMask(2, 60, 2)), (x, y))


def product_picture(folder, char, base, seed, kind):
    rng = random.Random(seed)
    canvas = ground((SIZE, SIZE), base, rng).convert("RGBA")
    art = emoji(folder, char)
    if kind == 0:
        place(canvas, art, (SIZE / 2 + rng.uniform(-14, 14), SIZE * 0.49), 470, rng.uniform(-5, 5))
    elif kind == 1:
        place(canvas, art, (SIZE * 0.31, SIZE * 0.50), 300, rng.uniform(4, 9))
        place(canvas, art, (SIZE * 0.63, SIZE * 0.53), 390, rng.uniform(-6, 0))
    else:
        place(canvas, art, (SIZE * 0.54, SIZE * 0.56), 640, rng.uniform(-14, -8))
    return canvas.convert("RGB")


def scene(folder, chars, base, size, seed):
    rng = random.Random(seed)
    canvas = ground(size, base, rng).convert("RGBA")
    width, height = size
    n = len(chars)
    for i, c in enumerate(chars):
        scale = height * rng.uniform(0.40, 0.60)
        place(canvas, emoji(folder, c), (width * (i + 0.75) / (n + 0.5), height * rng.uniform(0.50, 0.62)), round(scale), rng.uniform(-9, 9))
    return canvas.convert("RGB")


def options(spec):
    out = []
    for part in spec.split(";"):
        kind, _, values = part.strip().partition(":")
        if values:
            out.append({"name": {"C": "Color", "S": "Size", "V": "Variety"}[kind], "values": [v.strip() for v in values.split(",")]})
    return out


def combinations(opts):
    rows = [[]]
    for o in opts:
        rows = [r + [{"option": o["name"], "value": v}] for r in rows for v in o["values"]]
    return rows


def euros(cents):
    return max(100, round(cents * EURO / 100) * 100 - (10 if cents > 2000 else 0))


def main(folder, out):
    folder, out = pathlib.Path(folder), pathlib.Path(out)
    images = out / "images"
    images.mkdir(parents=True, exist_ok=True)
    categories, products = [], []
    brands, shown = {}, {}
    for line in (pathlib.Path(__file__).parent / "products.txt").read_text().splitlines():
        if not line or line.startswith("#"):
            continue
        if line.startswith("= "):
            handle, name, icon, color, text = [p.strip() for p in line[2:].split("|")]
            categories.append({"slug": handle, "name": name, "description": text, "image": f"category-{handle}.webp", "color": color})
            shown[handle] = []
            continue
        name, icon, usd, brand, opts, facts, summary, detail = [p.strip() for p in line.split("|")]
        category = categories[-1]
        handle = slug(name)
        rng = random.Random(handle)
        shown[category["slug"]].append(icon)
        cents, opts = int(usd) * 100, options(opts)
        brands.setdefault(slug(brand), brand)
        on_sale = rng.random() < 0.16
        number = len(products)
        base = rgb(category["color"])
        pictures = []
        for kind in (0, 1 + number % 2):
            file = f"{handle}-{len(pictures) + 1}.webp"
            product_picture(folder, icon, base, handle + str(kind), kind).save(images / file, quality=80, method=6)
            pictures.append({"file": file, "alt": name if not pictures else f"{name}, another view", "width": SIZE, "height": SIZE})
        variants = []
        for i, values in enumerate(combinations(opts)):
            code = "".join(w[0] for w in re.findall(r"[A-Za-z0-9]+", name)).upper()
            sku = "-".join([f"{category['slug'][:3].upper()}{number + 1:03d}{code}"] + [slug(v["value"]).upper()[:8] for v in values])
            step = 1.0
            for v, o in zip(values, opts):
                if o["name"] == "Size":
                    step *= 1 + 0.35 * o["values"].index(v["value"]) if not re.match(r"^(\d\d|[SML]|\d\d-\d\d)$", v["value"]) else 1
            price = round(cents * step / 100) * 100
            east, west = rng.choice([(14, 6), (40, 25), (8, 0), (120, 80), (3, 2)]), None
            if rng.random() < 0.05:
                east = (0, 0)
            variant = {
                "sku": sku, "options": values, "weightGrams": rng.choice([180, 350, 600, 900, 1400, 2600]),
                "barcode": f"20{number + 1:05d}{i:05d}",
                "prices": [
                    {"currency": "USD", "minor": price, "compareAt": round(price * 1.25 / 100) * 100 if on_sale else 0},
                    {"currency": "EUR", "minor": euros(price), "compareAt": euros(round(price * 1.25)) if on_sale else 0},
                ],
                "stock": {LOCATIONS[0]: east[0], LOCATIONS[1]: east[1]},
                "backorder": False,
            }
            for v in values:
                color = COLORS.get(v["value"].lower().replace("midnight", "midnight"))
                if v["option"] == "Color" and color:
                    file = f"{handle}-{slug(v['value'])}.webp"
                    if not (images / file).exists() or file not in [p["file"] for p in pictures]:
                        tint = mix(rgb(color), (255, 255, 255), 0.35)
                        product_picture(folder, icon, tint, handle + file, 0).resize((640, 640), Image.LANCZOS).save(images / file, quality=76, method=6)
                    variant["image"] = {"file": file, "alt": f"{name}, {v['value'].lower()}", "width": 640, "height": 640}
            variants.append(variant)
        attributes = [{"name": n.strip(), "value": v.strip()} for n, _, v in (f.partition("=") for f in facts.split(";"))]
        collections = [c for c, chance in (("bestsellers", 0.16), ("gifts", 0.22)) if rng.random() < chance]
        if on_sale:
            collections.append("sale")
        if number % 9 == 4:
            collections.append("new-in")
        products.append({
            "slug": handle, "title": name, "summary": summary, "description": f"{summary}\n\n{detail}", "brand": brand,
            "category": category["slug"], "collections": collections, "options": opts, "attributes": attributes,
            "tags": sorted({category["slug"], *(c for c in collections)}), "images": pictures, "variants": variants,
        })
    # One thing that is made to order.
    chair = next(p for p in products if p["slug"] == "velvet-sofa")
    for v in chair["variants"]:
        v["backorder"] = True
    for c in categories:
        icons = shown[c["slug"]]
        scene(folder, icons[:3], rgb(c["color"]), (960, 640), c["slug"]).save(images / c["image"], quality=80, method=6)
        del c["color"]
    data = {
        "categories": categories,
        "brands": [{"slug": s, "name": n} for s, n in sorted(brands.items())],
        "collections": [
            {"slug": "new-in", "name": "New in", "description": "Just unpacked."},
            {"slug": "bestsellers", "name": "Bestsellers", "description": "What leaves the shelves first."},
            {"slug": "gifts", "name": "Gifts", "description": "For somebody, or for you."},
            {"slug": "sale", "name": "On sale", "description": "Last chances at kind prices."},
        ],
        "products": products,
    }
    (out / "catalog.json").write_text(json.dumps(data, ensure_ascii=False, indent=1) + "\n")
    (images / "LICENSE").write_text(LICENSE)
    print(len(products), "products,", len(list(images.glob("*.webp"))), "pictures,", sum(f.stat().st_size for f in images.glob("*.webp")) // 1024, "KiB")


LICENSE = """The objects in these pictures are Fluent emoji (3D) by Microsoft, used under the
MIT License. The compositions are Souk's, under the same license.

MIT License

Copyright (c) Microsoft Corporation.

Permission is hereby granted, free of charge, to any person obtaining a copy
of this software and associated documentation files (the "Software"), to deal
in the Software without restriction, including without limitation the rights
to use, copy, modify, merge, publish, distribute, sublicense, and/or sell
copies of the Software, and to permit persons to whom the Software is
furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all
copies or substantial portions of the Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR
IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY,
FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE
AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER
LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM,
OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE
SOFTWARE.
"""

if __name__ == "__main__":
    main(*sys.argv[1:])
