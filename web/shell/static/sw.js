// Souk's service worker. Pages come from the network, and from a copy only when
// there is none; hashed files come from the cache, since they never change.
const SHELL = {{.Shell}};
const OFFLINE = "/offline";
const ASSETS = "assets", PAGES = "pages", ANSWERS = "answers", MEDIA = "media";
const LIMIT = { [ASSETS]: 60, [PAGES]: 80, [ANSWERS]: 200, [MEDIA]: 200 };

self.addEventListener("install", (event) => {
  event.waitUntil((async () => {
    await (await caches.open(ASSETS)).addAll(SHELL);
    await (await caches.open(PAGES)).add(new Request(OFFLINE, { cache: "reload" }));
    await self.skipWaiting();
  })());
});

self.addEventListener("activate", (event) => {
  event.waitUntil((async () => {
    const known = Object.keys(LIMIT);
    for (const name of await caches.keys()) if (!known.includes(name)) await caches.delete(name);
    await self.clients.claim();
  })());
});

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== self.location.origin) return;
  if (request.mode === "navigate") event.respondWith(networkFirst(event, PAGES, OFFLINE));
  else if (url.pathname.startsWith("/assets/")) event.respondWith(cacheFirst(event, ASSETS));
  else if (url.pathname.startsWith("/media/")) event.respondWith(cacheFirst(event, MEDIA));
  else if (/^\/souk\.(catalog|search|inventory)\./.test(url.pathname)) event.respondWith(networkFirst(event, ANSWERS));
});

async function cacheFirst(event, name) {
  const cache = await caches.open(name);
  const cached = await cache.match(event.request);
  if (cached) return cached;
  const response = await fetch(event.request);
  if (response.ok) event.waitUntil(keep(cache, name, event.request, response.clone()));
  return response;
}

async function networkFirst(event, name, fallback) {
  const cache = await caches.open(name);
  try {
    const response = await fetch(event.request);
    const secret = /no-store|private/.test(response.headers.get("Cache-Control") || "");
    if (response.ok && !response.redirected && !secret) {
      event.waitUntil(keep(cache, name, event.request, response.clone()));
    }
    return response;
  } catch (reason) {
    const copy = await cache.match(event.request, { ignoreVary: true }) || (fallback && await cache.match(fallback));
    if (copy) return copy;
    throw reason;
  }
}

async function keep(cache, name, request, response) {
  await cache.delete(request);
  await cache.put(request, response);
  const keys = await cache.keys();
  const offline = new URL(OFFLINE, self.location).href;
  for (const old of keys.slice(0, Math.max(0, keys.length - LIMIT[name]))) {
    if (old.url !== offline) await cache.delete(old);
  }
}
