// The slider through the revisions: the figure follows the hand, letting go shows that revision.
const form = document.querySelector("[data-travel]");
const slider = form.elements.at;
slider.addEventListener("input", () => { form.querySelector("[data-at]").textContent = slider.value; });
slider.addEventListener("change", () => form.requestSubmit());
