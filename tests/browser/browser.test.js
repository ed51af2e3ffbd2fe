// Opens the HTML report and a review in Chromium, as a person would. Screenshots go to target/browser/.
//
// DECHAFF names the program, and CHROMIUM the browser.

import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import fs from "node:fs";
import { createRequire } from "node:module";
import os from "node:os";
import path from "node:path";
import { after, before, test } from "node:test";
import { pathToFileURL } from "node:url";

import { chromium } from "playwright-core";

const root = path.resolve(import.meta.dirname, "../..");
const dechaff = path.resolve(root, process.env.DECHAFF ?? "target/debug/dechaff");
const screenshots = path.join(root, "target/browser");
const axe = fs.readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const widths = [390, 1280, 2560];

const hostile = [
  "<script>alert(1)</script>",
  "\"><img src=x onerror=alert(1)>",
  "{{constructor.constructor('alert(1)')()}}",
  "</pre></section></main><style>*{display:none}</style>",
];

let browser;
let folder;

before(async () => {
  fs.mkdirSync(screenshots, { recursive: true });
  browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: ["--no-sandbox"] });
});

after(() => browser?.close());

/** Creates a directory with the seeds, a copy of one of them, and a hostile text. */
function corpus() {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), "dechaff-browser-"));
  fs.cpSync(path.join(root, "seeds"), path.join(folder, "corpus"), { recursive: true });
  const seeds = fs.readdirSync(path.join(folder, "corpus")).filter((name) => name.endsWith(".txt")).sort();
  fs.copyFileSync(path.join(folder, "corpus", seeds[0]), path.join(folder, "corpus", "copy.txt"));
  const texts = hostile.map((text) => `A text about ${text}\u202e and more.\n\nLeave a Comment\n\nRelated Posts\n`);
  texts.forEach((text, index) => fs.writeFileSync(path.join(folder, "corpus", `hostile${index}<b>.txt`), text));
  return folder;
}

/** Opens a page that fails on dialogs, errors and requests to anywhere else. */
async function open(url, options = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
  const page = await context.newPage();
  const faults = [];
  page.on("dialog", (dialog) => {
    faults.push(`dialog: ${dialog.message()}`);
    dialog.dismiss();
  });
  page.on("pageerror", (error) => faults.push(`error: ${error.message}`));
  page.on("console", (message) => message.type() === "error" && faults.push(`console: ${message.text()}`));
  const own = new URL(url);
  page.on("request", (request) => {
    const { host, protocol } = new URL(request.url());
    if (host !== own.host || protocol !== own.protocol) faults.push(`request: ${request.url()}`);
  });
  await page.goto(url);
  return { page, faults, close: () => context.close() };
}

async function assertAccessible(page, name) {
  for (const colorScheme of ["light", "dark"]) {
    await page.emulateMedia({ colorScheme });
    // A script element would be against the policy of the pages.
    await page.evaluate(axe);
    const { violations } = await page.evaluate(() => globalThis.axe.run());
    const found = violations.map(({ id, nodes }) => `${id}: ${nodes.slice(0, 3).map((node) => node.html).join(" ")}`);
    assert.deepEqual(found, [], `${name}, ${colorScheme}`);
  }
  await page.emulateMedia({ colorScheme: "light" });
}

async function assertFits(page, name) {
  for (const width of widths) {
    await page.setViewportSize({ width, height: 900 });
    const overflow = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    assert.ok(overflow <= 0, `${name} is ${overflow} pixels too wide at ${width}`);
    await page.screenshot({ path: path.join(screenshots, `${name}-${width}.png`) });
  }
  await page.setViewportSize({ width: 1280, height: 900 });
}

/** Starts a review, and returns its address and a function that ends it. */
async function startReview() {
  const child = spawn(dechaff, ["review", "corpus"], { cwd: folder });
  let output = "";
  child.stdout.on("data", (data) => (output += data));
  child.stderr.on("data", (data) => (output += data));
  const url = await new Promise((resolve, reject) => {
    child.stdout.on("data", () => {
      const found = output.match(/http:\/\/\S+/);
      if (found) resolve(found[0]);
    });
    child.on("exit", () => reject(new Error(output)));
  });
  const end = () =>
    new Promise((resolve) => {
      child.on("exit", resolve);
      child.kill("SIGINT");
    });
  return { url, end };
}

function snapshot() {
  const files = fs.readdirSync(path.join(folder, "corpus")).sort();
  return Object.fromEntries(files.map((name) => [name, fs.readFileSync(path.join(folder, "corpus", name), "utf8")]));
}

const states = (page) => page.locator(".item").evaluateAll((items) => items.map((item) => item.dataset.state));
const saved = (page) => page.waitForResponse((response) => response.request().method() === "POST");

test("the report is readable, self-contained and accessible", async () => {
  corpus();
  const file = path.join(folder, "report.html");
  const run = spawnSync(dechaff, ["check", "corpus", "-q", "--extend-select", "QM", "--output-format", "html", "--output-file", file], { cwd: folder });
  assert.notEqual(run.status, 2, run.stderr.toString());
  const { page, faults, close } = await open(pathToFileURL(file).href);
  assert.match(await page.textContent("h1"), /^\d+ findings in \d+ of \d+ files$/);
  assert.ok(await page.getByText("Leave a Comment").first().isVisible());
  assert.equal(await page.locator("script, img, iframe").count(), 0);
  const words = page.locator(".charts li", { hasText: "words that are not only punctuation" }).first();
  await words.getByText("Numbers").click();
  assert.ok(await words.getByRole("table").isVisible());
  await assertAccessible(page, "report");
  await assertFits(page, "report");
  assert.deepEqual(faults, []);
  await close();
});

test("a review is done by keyboard, resumed and applied", async () => {
  corpus();
  const before = snapshot();
  const review = await startReview();
  const { page, faults, close } = await open(review.url);
  assert.match(await page.textContent("#counts"), /^\d+ open, 0 accepted, 0 rejected$/);
  assert.equal(await page.locator("img, iframe, style").count(), 0);
  for (const text of hostile) {
    await page.getByRole("searchbox").fill(text);
    await page.keyboard.press("Enter");
    await page.waitForURL(/q=/);
  }

  // Search from the keyboard, then filter.
  await page.locator("body").click({ position: { x: 5, y: 5 } });
  await page.keyboard.press("/");
  await page.keyboard.press("ControlOrMeta+a");
  await page.keyboard.type("leave a comment");
  await page.keyboard.press("Enter");
  await page.waitForURL(/q=leave/);
  const comments = await page.locator(".item").count();
  assert.ok(comments >= 4, `${comments} findings`);
  await page.getByLabel("Rule").selectOption("BP001");
  await page.getByRole("button", { name: "Filter" }).click();
  await page.waitForURL(/rule=BP001/);
  assert.ok((await page.locator(".item h2").allTextContents()).every((title) => title.startsWith("BP001")));

  // Accept the first two, take one back, reject the third, and return to the second.
  const press = async (key) => {
    const before = await page.textContent("#counts");
    await page.keyboard.press(key);
    await page.waitForFunction((before) => document.getElementById("counts").textContent !== before, before);
  };
  await page.keyboard.press("j");
  await press("a");
  await page.keyboard.press("j");
  await press("a");
  await press("u");
  await page.keyboard.press("j");
  await press("r");
  await page.keyboard.press("k");
  await page.waitForFunction(() => document.activeElement.className === "item");
  assert.equal(await page.evaluate(() => document.activeElement.id), await page.locator(".item").nth(1).getAttribute("id"));
  assert.deepEqual((await states(page)).slice(0, 3), ["accepted", "open", "rejected"]);
  assert.match(await page.textContent("#counts"), /, 1 accepted, 1 rejected$/);
  const place = await page.locator(".item .place").first().textContent();
  await assertAccessible(page, "findings");
  await page.reload();
  assert.deepEqual((await states(page)).slice(0, 3), ["accepted", "open", "rejected"]);

  // Typing in the search field decides nothing.
  await page.getByRole("searchbox").focus();
  await page.keyboard.type("ar");
  assert.match(await page.textContent("#counts"), /, 1 accepted, 1 rejected$/);
  await close();
  assert.equal(await review.end(), 0);
  assert.deepEqual(snapshot(), before, "a review changes no document");

  // Resume with another process, and decide on a whole rule and document there.
  const resumed = await startReview();
  const second = await open(resumed.url);
  assert.match(await second.page.textContent("#counts"), /, 1 accepted, 1 rejected$/);
  await assertFits(second.page, "findings");
  for (const name of ["Rules", "Documents", "Finish"]) {
    await second.page.getByRole("navigation").getByRole("link", { name }).click();
    await assertAccessible(second.page, name.toLowerCase());
    await assertFits(second.page, name.toLowerCase());
  }
  await second.page.getByRole("navigation").getByRole("link", { name: "Documents" }).click();
  const copy = second.page.locator(".item", { hasText: "copy.txt" });
  await Promise.all([saved(second.page), copy.getByRole("button", { name: "Reject" }).click()]);
  await second.page.locator(".item[data-state=rejected]", { hasText: "copy.txt" }).waitFor();
  await second.page.getByRole("navigation").getByRole("link", { name: "Finish" }).click();
  await second.page.getByRole("button", { name: "Write dechaff.plan" }).click();
  await second.page.getByText("1 accepted finding written to dechaff.plan.").waitFor();
  const command = await second.page.locator("pre code").first().textContent();
  assert.deepEqual([...faults, ...second.faults], []);
  await second.close();
  await resumed.end();

  assert.match(command, /^dechaff check corpus .*--fix$/);
  spawnSync(dechaff, command.split(" ").slice(1), { cwd: folder });
  const fixed = snapshot();
  const changed = Object.keys(before).filter((name) => before[name] !== fixed[name]);
  assert.deepEqual(changed.map((name) => place.includes(`${name}:`)), [true], `${changed} changed, ${place} was accepted`);
  assert.equal(spawnSync(dechaff, ["undo", "dechaff.undo"], { cwd: folder }).status, 0);
  assert.deepEqual(snapshot(), before);
});

test("a review works without JavaScript", async () => {
  corpus();
  const review = await startReview();
  const { page, faults, close } = await open(review.url, { javaScriptEnabled: false });
  await page.locator(".item").nth(1).getByRole("button", { name: "Accept" }).click();
  await page.waitForURL(/#finding-1$/);
  assert.equal(await page.locator("#finding-1").getAttribute("data-state"), "accepted");
  await page.getByRole("button", { name: "Undo" }).click();
  assert.equal(await page.locator("#finding-1").getAttribute("data-state"), "open");
  assert.deepEqual(faults, []);
  await close();
  await review.end();
});
