// Words: every sentence of the page stands in one table of both languages, `words.json`.

const WORDS = JSON.parse(document.getElementById("words").textContent);
const LANGUAGES = ["en", "ja"];
let language = 0;

const byId = (id) => document.getElementById(id);

/** A text of the table, with what its placeholders stand for: texts, numbers or elements. */
function say(key, values = {}) {
  const fragment = document.createDocumentFragment();
  const text = WORDS[key][language];
  for (const part of text.split(/(\{\w+\})/)) {
    if (!part.startsWith("{")) {
      fragment.append(part);
      continue;
    }
    const value = values[part.slice(1, -1)];
    fragment.append(value instanceof Node ? value : String(value ?? ""));
  }
  return fragment;
}

const sayText = (key, values) => say(key, values).textContent;

function element(name, { class: className, ...attributes } = {}, ...children) {
  const made = document.createElement(name);
  if (className) made.className = className;
  for (const [attribute, value] of Object.entries(attributes)) made.setAttribute(attribute, value);
  made.append(...children);
  return made;
}

/** Sets a text only if it is another one: that costs nothing then. */
function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

/** Nanoseconds in three digits: `850 ns`, `3.25 ms`. */
function human(nanos) {
  const units = [[1e9, "s"], [1e6, "ms"], [1e3, "µs"]];
  for (const [unit, name] of units) {
    if (nanos >= unit) {
      const number = nanos / unit;
      return `${number.toFixed(number < 10 ? 2 : number < 100 ? 1 : 0)} ${name}`;
    }
  }
  return `${Math.max(0, Math.round(nanos))} ns`;
}

const grouped = (number) => number.toLocaleString("en");

/** Writes the words of the chosen language to all elements that name a key. */
function sayAll() {
  document.documentElement.lang = LANGUAGES[language];
  for (const node of document.querySelectorAll("[data-say]")) node.replaceChildren(say(node.dataset.say));
  for (const node of document.querySelectorAll("[data-label]")) {
    const text = sayText(node.dataset.label);
    node.setAttribute("aria-label", text);
    if (node.tagName === "BUTTON") node.title = text;
  }
}
