"use strict";
// Everything is readable without this: it filters, moves from failure to failure, and copies commands.
(function () {
  const nav = document.querySelector("nav"), search = nav.querySelector("input[type=search]"), told = nav.querySelector("output");
  const boxes = Array.from(nav.querySelectorAll("input[type=checkbox]")), results = Array.from(document.querySelectorAll("details.r"));
  const texts = new Map();
  function text(one) {
    if (!texts.has(one)) texts.set(one, Array.from(one.querySelectorAll(":scope > summary > :not(.time)"), part => part.textContent).join(" ").toLowerCase());
    return texts.get(one);
  }
  function filter() {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean), shown = new Set(boxes.filter(box => box.checked).map(box => box.value));
    let count = 0;
    for (const one of results) {
      const hit = shown.has(one.dataset.status) && words.every(word => text(one).includes(word));
      one.classList.toggle("none", !hit);
      count += hit;
    }
    told.textContent = count + " of " + results.length + " shown";
  }
  function move(step) {
    const bad = results.filter(one => !one.classList.contains("none") && ["failed", "error", "invalid"].includes(one.dataset.status));
    if (!bad.length) return;
    const at = bad.indexOf(document.activeElement.closest && document.activeElement.closest("details.r"));
    const next = bad[at < 0 ? (step > 0 ? 0 : bad.length - 1) : (at + step + bad.length) % bad.length];
    next.open = true;
    next.querySelector("summary").focus();
    next.scrollIntoView({ block: "start" });
  }
  function reveal() {
    const one = location.hash && document.getElementById(location.hash.slice(1));
    if (one && one.matches("details.r")) {
      one.open = true;
      one.scrollIntoView();
    }
  }
  let waiting = 0;
  search.addEventListener("input", () => { cancelAnimationFrame(waiting); waiting = requestAnimationFrame(filter); });
  boxes.forEach(box => box.addEventListener("change", filter));
  nav.querySelector("[data-do=next]").addEventListener("click", () => move(1));
  nav.querySelector("[data-do=close]").addEventListener("click", () => results.forEach(one => { one.open = false; }));
  document.addEventListener("keydown", event => {
    if (event.target === search || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "/") { event.preventDefault(); search.focus(); }
    if (event.key === "n") move(1);
    if (event.key === "p") move(-1);
  });
  document.addEventListener("click", event => {
    const code = event.target.matches("button.copy") && event.target.previousElementSibling;
    if (!code || !navigator.clipboard) return;
    navigator.clipboard.writeText(code.textContent).then(() => { event.target.textContent = "copied"; });
  });
  if (navigator.clipboard) document.querySelectorAll("button.copy").forEach(button => { button.hidden = false; });
  window.addEventListener("hashchange", reveal);
  nav.hidden = false;
  filter();
  reveal();
})();
