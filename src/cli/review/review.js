// Keyboard control and decisions without reloading. Every page works without this script.
"use strict";

const items = [...document.querySelectorAll(".item")];
const counts = document.getElementById("counts");
const undoForm = document.getElementById("undo");

function currentIndex() {
  return items.findIndex((item) => item === document.activeElement || item.contains(document.activeElement));
}

function select(index) {
  const item = items[index];
  if (!item) return;
  item.focus({ preventScroll: true });
  item.scrollIntoView({ block: "nearest" });
}

async function send(form, fields) {
  const body = new URLSearchParams(new FormData(form));
  for (const [name, value] of Object.entries(fields)) body.set(name, value);
  const headers = { Accept: "application/json" };
  const response = await fetch(form.action, { method: "POST", headers, body });
  if (!response.ok) throw new Error((await response.text()).trim());
  return response.json();
}

function show({ target, counts: line }) {
  counts.textContent = line;
  if (!target) return null;
  const item = document.getElementById(target.id);
  if (item) {
    item.dataset.state = target.state;
    item.querySelector(".state").textContent = target.label;
  }
  return item;
}

async function decide(item, decision) {
  try {
    show(await send(item.querySelector(".decide"), { decision }));
  } catch (error) {
    counts.textContent = `Not saved: ${error.message}`;
  }
}

async function undo() {
  try {
    const change = await send(undoForm, {});
    const item = show(change);
    if (item) select(items.indexOf(item));
    // The decision was on something that other pages show.
    else if (change.target) location.reload();
  } catch (error) {
    counts.textContent = `Not undone: ${error.message}`;
  }
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.closest("input, select, textarea")) return;
  const index = currentIndex();
  switch (event.key) {
    case "j":
      select(index < 0 ? 0 : Math.min(index + 1, items.length - 1));
      break;
    case "k":
      select(index < 0 ? 0 : Math.max(index - 1, 0));
      break;
    case "a":
    case "r":
      if (index >= 0) decide(items[index], event.key === "a" ? "accept" : "reject");
      break;
    case "u":
      undo();
      break;
    case "/":
      document.querySelector("input[type=search]")?.focus();
      break;
    default:
      return;
  }
  event.preventDefault();
});

for (const form of document.querySelectorAll(".decide")) {
  form.addEventListener("submit", (event) => {
    if (!event.submitter) return;
    event.preventDefault();
    decide(form.closest(".item"), event.submitter.value);
  });
}

undoForm.addEventListener("submit", (event) => {
  event.preventDefault();
  undo();
});
