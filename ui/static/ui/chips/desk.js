// A reader types the chip and ends with Enter: then it is the number's turn, and Enter there hands the chip out.
const form = document.querySelector("[data-chips-give]");
const [chip, bib] = ["chip", "bib"].map((name) => form.elements[name]);

form.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.target !== chip || bib.value.trim() !== "") return;
  event.preventDefault();
  if (chip.value.trim() !== "") bib.focus();
});

// What was refused stands there still: the next scan takes its place.
if (bib.matches("[data-again]")) bib.select();

// After a return the page comes back to where the next chip is scanned.
if (location.hash === "#back-chip") document.getElementById("back-chip").focus();
