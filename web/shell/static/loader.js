// Starts the program and lets it take the server's HTML over as it is.
//
// go-app makes every element of its first frame anew and would put it in place of
// the server's. The first frame equals what the server drew, so while it is made,
// the document's create functions hand out the nodes that are already there, in
// the order in which they are asked for. Focus, scroll, pictures and what was
// typed stay. If the frames differ after all, the program's frame wins.
(() => {
  "use strict";
  const wasm = document.currentScript.dataset.wasm;
  const page = document.documentElement;

  globalThis.goappGetenv = () => "";

  function hydrate(root) {
    const nodes = [];
    const collect = (node) => {
      nodes.push(node);
      if (node.nodeName !== "TEXTAREA") node.childNodes.forEach(collect);
    };
    collect(root);

    const wanted = new Map(); // element -> its children in the program's frame
    let next = 0;
    let differs = false;
    let typed = [];
    const real = {
      element: document.createElement.bind(document),
      elementNS: document.createElementNS.bind(document),
      text: document.createTextNode.bind(document),
    };

    const claim = (fits) => {
      if (differs) return null;
      const node = nodes[next];
      if (!node || !fits(node)) {
        differs = true;
        return null;
      }
      if (next++ === 0) typed = unsent(root);
      return node;
    };
    const adopt = (element, tag) => {
      if (tag !== "textarea") wanted.set(element, []);
      element.appendChild = (child) => {
        wanted.get(element)?.push(child);
        if (child.parentNode !== element) Node.prototype.appendChild.call(element, child);
        return child;
      };
      element.setAttribute = (name, value) => {
        if (element.getAttribute(name) !== value) Element.prototype.setAttribute.call(element, name, value);
      };
      if (tag === "input") keepTyped(element);
      return element;
    };
    const take = (tag) => {
      const name = tag.toLowerCase();
      const element = claim((node) => node.nodeType === 1 && node.localName.toLowerCase() === name);
      return element && adopt(element, name);
    };

    document.createElement = (tag) => take(tag) || real.element(tag);
    document.createElementNS = (space, tag) => take(tag) || real.elementNS(space, tag);
    document.createTextNode = (value) => {
      const text = claim((node) => node.nodeType === 3);
      if (!text) return real.text(value);
      if (text.data !== value) text.data = value;
      return text;
    };
    document.body.replaceChild = (fresh, old) =>
      fresh === old ? old : Node.prototype.replaceChild.call(document.body, fresh, old);

    globalThis.soukHydrated = () => {
      delete globalThis.soukHydrated;
      delete document.createElement;
      delete document.createElementNS;
      delete document.createTextNode;
      delete document.body.replaceChild;
      for (const [element, children] of wanted) {
        delete element.appendChild;
        delete element.setAttribute;
        delete element.value;
        if (differs || next < nodes.length) settle(element, children);
      }
      root.querySelectorAll("textarea").forEach((area) => {
        delete area.appendChild;
        delete area.setAttribute;
      });
      if (differs) console.info("souk: the first frame differed");
      typed.forEach((restore) => restore());
      page.dataset.live = differs ? "differs" : "same";
      keepScroll();
      setTimeout(goOn); // once the program has said which forms it takes
    };
  }

  function settle(element, children) {
    const same = element.childNodes.length === children.length &&
      children.every((child, i) => element.childNodes[i] === child);
    if (!same) element.replaceChildren(...children);
  }

  // keepTyped lets what was typed, and the caret in it, alone when the field is set
  // to what the server drew.
  function keepTyped(field) {
    const { get, set } = Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, "value");
    Object.defineProperty(field, "value", {
      configurable: true, get, set(value) { if (value !== field.defaultValue) set.call(field, value); },
    });
  }

  // unsent remembers what was typed and ticked before the program was there, to tell
  // it. A field with the focus tells of its change by itself when it is left.
  function unsent(root) {
    const restores = [];
    const tell = (field, event) => field.dispatchEvent(new Event(event, { bubbles: true }));
    root.querySelectorAll("input, textarea, select").forEach((field) => {
      if (field.type === "checkbox" || field.type === "radio") {
        const { checked } = field;
        if (checked !== field.defaultChecked) restores.push(() => { field.checked = checked; tell(field, "change"); });
      } else if (field.nodeName === "SELECT") {
        const { value } = field;
        const initial = field.querySelector("option[selected]") || field.options[0];
        if (initial && initial.value !== value) restores.push(() => { field.value = value; tell(field, "change"); });
      } else if (field.type !== "hidden" && field.value !== field.defaultValue) {
        restores.push(() => {
          tell(field, "input");
          if (field !== document.activeElement) tell(field, "change");
        });
      }
    });
    return restores;
  }

  // Until the program is there, a choice that needs no button is sent as its form,
  // and a form that only the program can take waits for it.
  let ready = false;
  let waiting = null;
  document.addEventListener("change", ({ target, isTrusted }) => {
    if (!ready && isTrusted) target.closest("form[data-send]")?.requestSubmit();
  });
  document.addEventListener("submit", (event) => {
    if (ready || !event.target.matches("[data-live]:not([action])")) return;
    event.preventDefault();
    waiting = event.target;
    page.dataset.loading = "";
  });
  function goOn() {
    ready = true;
    delete page.dataset.loading;
    waiting?.requestSubmit();
  }

  // The program scrolls when it shows another page, and so has to know how far down
  // each step of the history was left.
  function keepScroll() {
    let later;
    const note = () => {
      clearTimeout(later);
      history.replaceState({ ...history.state, scroll: Math.round(scrollY) }, "");
    };
    history.scrollRestoration = "manual";
    note();
    addEventListener("scroll", () => {
      clearTimeout(later);
      later = setTimeout(note, 150);
    }, { passive: true });
    addEventListener("popstate", () => clearTimeout(later));
  }
  if (history.state?.scroll) scrollTo({ top: history.state.scroll, behavior: "instant" });

  const pause = (ms) => new Promise((done) => setTimeout(done, ms));

  // load gets the program; a network that stumbles is given two more chances.
  async function load(imports, chances = 2) {
    try {
      const response = await fetch(wasm);
      if (!response.ok) throw new Error(`${wasm}: ${response.status}`);
      return WebAssembly.instantiateStreaming
        ? await WebAssembly.instantiateStreaming(response, imports)
        : await WebAssembly.instantiate(await response.arrayBuffer(), imports);
    } catch (reason) {
      if (!chances) throw reason;
      await pause(3000 / chances);
      return load(imports, chances - 1);
    }
  }

  async function start() {
    const go = new Go();
    const { instance } = await load(go.importObject);
    hydrate(document.getElementById("root"));
    await go.run(instance);
    throw new Error("it ended");
  }

  // Without the program, the page is what it is without scripts.
  function doWithout(reason) {
    console.warn("souk: the program does not run:", reason);
    for (const name of ["createElement", "createElementNS", "createTextNode"]) delete document[name];
    delete document.body.replaceChild;
    for (const name of ["scripts", "live", "loading"]) delete page.dataset[name];
    ready = true;
  }

  if (wasm) start().catch(doWithout);

  if ("serviceWorker" in navigator) {
    addEventListener("load", () => navigator.serviceWorker.register("/sw.js").catch(() => {}));
  }
})();
