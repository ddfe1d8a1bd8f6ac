import { ago } from "./time.ts";

/**
 * The one script of the front page. It listens for changes, by server-sent events or, where a proxy holds those back, by
 * WebSocket, and then replaces the sections whose HTML has become another. Without it the page reloads itself.
 */
export const script = `(() => {
"use strict";
${ago.toString()}
const page = document.querySelector("main");
const live = document.getElementById("live");
const patienceMs = 4000, retryMs = 2000;
let shown = page.dataset.revision, busy = false, wanted = shown, source, socket, timer;
const known = new Map();
document.documentElement.classList.add("js");

const show = (state, text) => { live.dataset.state = state; live.textContent = text; };
const place = (text) => new DOMParser().parseFromString(text, "text/html");
const remember = (root) => root.querySelectorAll("section[id]").forEach((section) => known.set(section.id, section.outerHTML));
const tick = () => document.querySelectorAll("time[datetime]").forEach((time) => {
  time.textContent = ago(Date.parse(time.dateTime), Date.now());
});

const replace = (text) => {
  const next = place(text);
  const ids = (root) => [...root.querySelectorAll("section[id]")].map((section) => section.id).join();
  const focused = document.activeElement && document.activeElement.id;
  if (ids(next) !== ids(page)) page.replaceChildren(...next.body.childNodes);
  else next.querySelectorAll("section[id]").forEach((section) => {
    if (known.get(section.id) !== section.outerHTML) document.getElementById(section.id).replaceWith(section.cloneNode(true));
  });
  remember(next);
  tick();
  if (focused && document.activeElement === document.body) document.getElementById(focused)?.focus({ preventScroll: true });
};

const refresh = async () => {
  if (busy) return;
  busy = true;
  try {
    while (shown !== wanted) {
      const revision = wanted;
      // Another start of the platform may have another page.
      if (revision.split("-")[0] !== shown.split("-")[0]) return location.reload();
      const answer = await fetch(page.dataset.fragments, { cache: "no-store" });
      if (answer.ok) replace(await answer.text());
      else if (answer.status === 404) return location.reload();
      else throw new Error(answer.statusText);
      shown = revision;
    }
  } catch {
    show("waiting", "reconnecting");
  } finally {
    busy = false;
  }
};

const hear = (data) => {
  clearTimeout(timer);
  show("live", "live");
  wanted = JSON.parse(data).revision;
  refresh();
};

const listenBySocket = () => {
  socket = new WebSocket("wss://" + location.host + "/events");
  socket.onmessage = ({ data }) => hear(data);
  socket.onclose = () => { show("waiting", "reconnecting"); setTimeout(listenBySocket, retryMs); };
};

const listen = () => {
  source = new EventSource("/events");
  source.onmessage = ({ data }) => hear(data);
  source.onerror = () => {
    show("waiting", "reconnecting");
    if (source.readyState === EventSource.CLOSED) setTimeout(listen, retryMs);
  };
  source.onopen = () => { timer = setTimeout(() => { source.close(); listenBySocket(); }, patienceMs); };
};

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  await navigator.clipboard.writeText(button.dataset.copy);
  button.textContent = "Copied";
  setTimeout(() => { button.textContent = "Copy"; }, 1500);
});

remember(page);
setInterval(tick, 5000);
show("waiting", "connecting");
listen();
})();`;
