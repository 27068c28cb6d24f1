// Live updates and forms in place. Without this script the page works all the same, by ordinary forms and links.
"use strict";

const PAUSE = 700; // ms between two looks
let version = document.body.dataset.version;
let looking = 0;

document.documentElement.classList.add("js");

// Make `old` look like `fresh` and touch nothing that is the same: focus, open details, scroll and typing survive.
function patch(old, fresh) {
  if (old.isEqualNode(fresh)) return;
  if (old.nodeType !== fresh.nodeType || old.nodeName !== fresh.nodeName || (old.id || "") !== (fresh.id || "")) {
    old.replaceWith(fresh);
    return;
  }
  if (old.nodeType !== Node.ELEMENT_NODE) {
    if (old.nodeValue !== fresh.nodeValue) old.nodeValue = fresh.nodeValue;
    return;
  }
  patchAttributes(old, fresh);
  patchChildren(old, fresh);
}

function patchAttributes(old, fresh) {
  const kept = old.nodeName === "DETAILS" ? ["open"] : [];
  for (const { name } of [...old.attributes]) {
    if (!fresh.hasAttribute(name) && !kept.includes(name)) old.removeAttribute(name);
  }
  for (const { name, value } of [...fresh.attributes]) {
    if (!kept.includes(name) && old.getAttribute(name) !== value) old.setAttribute(name, value);
  }
}

function patchChildren(old, fresh) {
  const named = new Map([...old.children].filter((child) => child.id).map((child) => [child.id, child]));
  let at = old.firstChild;
  for (const wanted of [...fresh.childNodes]) {
    const known = wanted.id ? named.get(wanted.id) : null;
    if (known && known.nodeName === wanted.nodeName) {
      while (at && at !== known && !fresh.querySelector("#" + CSS.escape(at.id || "-"))) at = drop(at);
      if (at === known) at = at.nextSibling;
      else old.insertBefore(known, at);
      patch(known, wanted);
    } else if (at && !at.id && !wanted.id && at.nodeName === wanted.nodeName) {
      const next = at.nextSibling;
      patch(at, wanted);
      at = next;
    } else {
      old.insertBefore(wanted, at);
    }
  }
  while (at) at = drop(at);
}

function drop(node) {
  const next = node.nextSibling;
  node.remove();
  return next;
}

function show(id, html) {
  const box = document.getElementById(id);
  const fresh = box.cloneNode(false);
  fresh.innerHTML = html; // drawn by our own server, where everything typed is escaped
  patch(box, fresh);
}

async function look() {
  const mine = ++looking;
  const query = new URLSearchParams({ place: document.body.dataset.place, seen: version });
  const offline = document.getElementById("offline");
  try {
    const response = await fetch("/live?" + query, { cache: "no-store" });
    if (response.status === 403) {
      offline.textContent = "The console was started again: open the link it printed.";
      offline.hidden = false;
      return;
    }
    const news = await response.json();
    if (mine !== looking) return; // a later look has been sent meanwhile
    offline.hidden = true;
    show("banner", news.banner);
    if (news.body !== null) {
      const modal = document.querySelector(".veil:last-of-type")?.id;
      show("body", news.body);
      version = news.version;
      focusNew(modal);
    }
  } catch (error) {
    if (mine !== looking) return;
    offline.textContent = "The console does not answer. Is it still running?";
    offline.hidden = false;
  }
}

// A dialog that has just opened takes the focus, as the person has asked for it; nothing else ever does.
function focusNew(before) {
  const veils = document.querySelectorAll(".veil");
  const veil = veils[veils.length - 1];
  if (!veil || veil.id === before || veil.contains(document.activeElement)) return;
  const first = veil.querySelector("[autofocus], .modal-body input, .modal-body textarea, .modal-body select, footer .button");
  first?.focus({ preventScroll: true });
}

async function send(form, button) {
  const fields = new URLSearchParams(new FormData(form, button));
  const address = button?.hasAttribute("formaction") ? button.getAttribute("formaction") : form.getAttribute("action");
  button?.setAttribute("aria-busy", "true");
  try {
    await fetch(address, { method: "POST", body: fields, headers: { "X-Live": "1" } });
    for (const written of form.querySelectorAll("#write, .answer input[type=text]")) written.value = "";
    button?.closest("details.overflow")?.removeAttribute("open");
  } finally {
    await look();
    button?.removeAttribute("aria-busy");
  }
}

document.addEventListener("submit", (event) => {
  event.preventDefault();
  send(event.target, event.submitter);
});

// A choice acts at once; its own button is only there for pages without a script.
document.addEventListener("change", (event) => {
  const go = event.target.closest(".choice, .input")?.querySelector(".go");
  if (go && (event.target.value || event.target.multiple)) go.click();
});

document.addEventListener("click", (event) => {
  for (const open of document.querySelectorAll("details.overflow[open]")) {
    if (!open.contains(event.target)) open.removeAttribute("open");
  }
  if (event.target.classList.contains("veil")) dismiss();
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  const open = document.querySelector("details.overflow[open]");
  if (open) open.removeAttribute("open");
  else dismiss();
});

function dismiss() {
  (document.getElementById("confirm-no") || document.querySelector(".dismissing .cross"))?.click();
}

async function watch() {
  for (;;) {
    await new Promise((done) => setTimeout(done, PAUSE));
    await look();
  }
}

if (location.search.includes("token=")) history.replaceState(null, "", document.body.dataset.place);
watch();
