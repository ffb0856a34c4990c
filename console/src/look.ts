// Light, dark, or as the system has it.
import { signal } from "@preact/signals";

export const LOOKS = ["system", "light", "dark"];
export const look = signal(localStorage.getItem("look") ?? "system");

export function setLook(wanted: string): void {
  look.value = wanted;
  localStorage.setItem("look", wanted);
  document.documentElement.dataset["look"] = wanted;
}

document.documentElement.dataset["look"] = look.value;
