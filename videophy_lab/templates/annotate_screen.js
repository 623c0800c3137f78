// What the annotation's front end shows: heads, texts, questions and their choices, without what they do.

const KINDS = { pc: "Physics", sa: "Caption", rule: "Rules", pair_pc: "Compare: physics", pair_sa: "Compare: caption" };
const WELCOME = [
  "You will see short videos and answer one question at a time. The videos start by themselves and repeat. Watch them as often as you like, also in slow motion or frame by frame.",
  "Judge only what is asked: questions about physics come without the caption, questions about the caption have nothing to do with physics. Every answer is saved at once. You can stop at any time and come back under the same name.",
  "Everything can be done with the mouse or with the keyboard. The keys are shown at the bottom of the page and in front of every answer.",
];
const UNDECIDED = "None of its videos could be shown. Please tell the person who gave you this task. Nothing that you did is lost.";
const number = new Intl.NumberFormat("en");

const makeNotice = () => h("p", { class: "vpa-notice", role: "alert" });

function makeHead(who) {
  return h("header", { class: "vpa-head" },
    h("span", { class: "vpa-kind" }),
    h("div", { class: "vpa-bar", role: "progressbar", "aria-label": "Progress" }, h("div")),
    h("span", { class: "vpa-count" }), h("span", { class: "vpa-speed" }),
    h("span", { class: "vpa-saved", role: "status" }), h("span", { class: "vpa-who" }, who));
}

function fillHead(head, { done, total, middle, left }, outbox) {
  const bar = head.querySelector(".vpa-bar");
  bar.firstChild.style.width = `${100 * done / total}%`;
  for (const [name, value] of [["valuemin", 0], ["valuemax", total], ["valuenow", done]]) bar.setAttribute(`aria-${name}`, value);
  head.querySelector(".vpa-count").textContent = `${number.format(done)} of ${number.format(total)}`;
  head.querySelector(".vpa-speed").textContent = middle && left ? `${sayTime(middle)} each · ${sayTime(left)} left` : "";
  const waiting = outbox.count();
  const saved = head.querySelector(".vpa-saved");
  saved.dataset.state = !waiting ? "saved" : outbox.trouble ? "trouble" : "saving";
  saved.textContent = !waiting ? "all saved" : !outbox.trouble ? "saving …"
    : `${number.format(waiting)} ${waiting === 1 ? "answer is" : "answers are"} kept in this page: ${outbox.trouble}. Trying again …`;
}

function makeText(title, lines, ...more) {
  return h("div", { class: "vpa-text" }, h("h2", {}, title), ...lines.map((line) => h("p", {}, line)), ...more, makeNotice());
}

const sayRight = ({ right, asked }) => `${right} of ${asked} ${asked === 1 ? "answer was" : "answers were"} right`;
const sayFailed = (gate) => `The test is over. ${sayRight(gate)}, ${gate.needed} ${gate.needed === 1 ? "is" : "are"} needed. There is nothing more for you to do.`;
const sayDone = ({ done, total, middle }) => `${number.format(done)} of ${number.format(total)} are done${middle ? `, about ${sayTime(middle)} each` : ""}. Once everything is saved, you can close this page.`;

function sayBlock(block, last, gate) {
  if (block === 0) return ["You have passed the test", [`${sayRight(gate)}. Now the work begins.`]];
  return [`Part ${block} of ${last} is done`, ["A good moment to rest your eyes. Nothing is lost if you stop here."]];
}

function makeButton(text, action, key = "Enter") {
  return h("button", { type: "button", class: "vpa-go", onclick: action }, text, h("kbd", {}, key));
}

function makeName(known) {
  const name = h("input", { type: "text", maxlength: "100", autocomplete: "off", spellcheck: "false", placeholder: "name or initials", "aria-label": "Your name" });
  name.value = known || recall(`${KEEP}:name`) || "";
  name.disabled = Boolean(known);
  return name;
}

const makeWait = (text) => h("p", { class: "vpa-wait" }, text);
const makeStage = () => h("div", { class: "vpa-stage" }, makeWait("…"));

function makeFault(reason, retry) {
  const button = makeButton("Try again", retry, "r");
  button.classList.add("vpa-retry");
  return h("div", { class: "vpa-wait", role: "alert" }, h("p", {}, `The video cannot be shown: ${reason}.`), button);
}

// `act` has what is done by: choose(question, value), point(place), back, problem, next
function makePanel(item, question, act, more) {
  const choices = (name) => makeChoices(item, name, question, act.choose);
  const button = (name, text, key, type) => h("button", { type: "button", "data-go": name, class: type, onclick: act[name] }, text, h("kbd", {}, key));
  return h("div", { class: "vpa-panel", "data-kind": item.kind },
    item.block === 0 && h("p", { class: "vpa-test" }, "Test"),
    item.note && h("p", { class: "vpa-note" }, item.note),
    h("h2", {}, question.text),
    item.caption && h("blockquote", { class: "vpa-caption", tabindex: "0" }, item.caption),
    h("p", { class: "vpa-hint" }, question.hint),
    item.kind !== "rule" ? choices(item.kind) : h("ol", { class: "vpa-rules" }, ...item.rules.map((rule, place) =>
      h("li", { class: "vpa-rule", onclick: () => act.point(place) }, h("p", {}, rule.text), choices(rule.id)))),
    item.kind === "rule" && more,
    makeNotice(),
    h("div", { class: "vpa-nav" }, button("back", "Back", "⌫"), button("problem", "Cannot be judged", "x"), button("next", "Next", "Enter", "vpa-go")),
    item.kind !== "rule" && more);
}

function makeChoices(item, name, question, choose) {
  return h("div", { class: "vpa-choices", role: "group", "aria-label": question.text }, ...question.choices.map((choice) =>
    h("button", {
      type: "button", class: "vpa-choice", "data-question": name, "data-value": valueOf(choice, item), title: choice.anchor,
      onclick: () => choose(name, valueOf(choice, item)),
    }, h("kbd", {}, choice.key), h("span", {}, h("strong", {}, choice.label), h("small", {}, choice.anchor)))));
}

// `known` gives the text that was written last, `write` takes a new one
function makeMore(known, write) {
  const text = h("textarea", { rows: "2", maxlength: "2000", placeholder: "Anything else that could not happen? (optional)", "aria-label": "Anything else that could not happen?", title: "Esc leaves the text, Ctrl+Enter goes on" });
  text.value = known();
  const commit = () => {
    const typed = text.value.trim();
    if (typed !== known()) write(typed);
  };
  text.addEventListener("blur", commit);
  return { line: h("label", { class: "vpa-more" }, text, h("kbd", {}, "n")), commit };
}

function markChoices(root, given, current) {
  for (const button of root.querySelectorAll(".vpa-choice")) {
    button.setAttribute("aria-pressed", String(given(button.dataset.question)) === button.dataset.value);
  }
  root.querySelector("[data-go=problem]").setAttribute("aria-pressed", Boolean(given("problem")));
  root.querySelectorAll(".vpa-rule").forEach((rule, place) => rule.toggleAttribute("data-current", place === current));
}

function makeSwitch(on, change) {
  const box = h("input", { type: "checkbox", onchange: () => change(box.checked) });
  box.checked = on;
  return h("label", { class: "vpa-auto" }, box, "Go on automatically after an answer");
}

function makeKeys(item, choices) {
  const line = [["space", "play"], ["← →", "one frame"], ["Home", "restart"], ["s", "speed"],
    [choices.map((each) => each.key).join(" "), "answer"],
    ...(item.kind === "rule" ? [["↑ ↓", "rule"], ["n", "write"], ["Esc", "end writing"]] : []), ["Enter", "next"], ["⌫", "back"], ["x", "cannot be judged"]];
  return h("footer", { class: "vpa-keys", "aria-label": "Keys" }, ...line.map(([key, name]) => h("span", {}, h("kbd", {}, key), ` ${name}`)));
}
