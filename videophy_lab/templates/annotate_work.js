// What the annotation's front end knows: the plan of an annotator, the answers, the time they took, what comes next.

const isCaptioned = (item) => item.kind.endsWith("sa");
const questionsOf = (item) => (item.kind === "rule" ? item.rules.map((rule) => rule.id) : [item.kind]);
const valueOf = (choice, item) => ({ left: item.sides[0], right: item.sides[1] }[choice.value] ?? choice.value);

function makeWork() {
  const answers = new Map(); // item → question → { value, at }
  const spent = new Map(); // item → name of an answer → its seconds
  const work = { plan: null, gate: null, seen: 0, open, hear, given, isDone, isOpen, learn, forget, measure, findNext, findBefore };

  function open(plan) {
    work.plan = plan;
    hear(plan);
  }

  function hear(reply) {
    [work.seen, work.gate] = [reply.seen, reply.gate];
    learn(reply.answers);
  }

  // each answer as [item, question, value, when, seconds, name]
  function learn(rows) {
    for (const [item, question, value, when, seconds, name] of rows) {
      for (const known of [answers, spent]) if (!known.has(item)) known.set(item, new Map());
      spent.get(item).set(name, seconds || 0);
      const last = answers.get(item).get(question);
      if (!last || when >= last.at) answers.get(item).set(question, { value, at: when });
    }
  }

  function forget({ item, question, answer_id: name }) {
    answers.get(item)?.delete(question);
    spent.get(item)?.delete(name);
  }

  function given(item, question) { return answers.get(item.id)?.get(question)?.value; }
  function isDone(item) { return Boolean(given(item, "problem")) || questionsOf(item).every((each) => given(item, each) !== undefined); }

  function isOpen(item) {
    const { gate } = work;
    return !gate || (item.block === 0 ? gate.passed === null : gate.passed === true);
  }

  // an answer that was replaced took its time too
  function measure() {
    const { items } = work.plan;
    const done = items.filter(isDone);
    const times = done.map((item) => [...spent.get(item.id).values()].reduce((sum, each) => sum + each, 0));
    const recent = times.filter((time) => time > 0).sort((a, b) => a - b);
    const middle = recent.length ? recent[Math.floor(recent.length / 2)] : NaN;
    return { done: done.length, total: items.length, middle, left: middle * (items.length - done.length) };
  }

  // places in the plan: the next after a place, else the first; undefined without any
  function findNext(at) {
    const { items } = work.plan;
    const left = [...items.keys()].filter((each) => isOpen(items[each]) && !isDone(items[each]));
    return left.find((each) => each > at) ?? left[0];
  }

  // the one before a place, and whether there is any: what was asked without the caption is not asked again by one who has read it
  function findBefore(at) {
    const { items } = work.plan;
    const isLocked = (item) => !isCaptioned(item) && items.slice(0, at + 1).some((each) => each.block === item.block && isCaptioned(each));
    const before = items.slice(0, at).filter(isOpen);
    const here = before.filter((item) => item.block === items[at].block);
    const found = (here.length ? here : before).filter((item) => !isLocked(item)).at(-1);
    return { found: found ? items.indexOf(found) : undefined, any: before.length > 0 };
  }

  return work;
}
