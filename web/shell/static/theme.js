// Runs before the first paint: says that scripts run, and keeps a chosen theme from
// flashing.
document.documentElement.dataset.scripts = "";
try {
  const theme = localStorage.getItem("souk.theme");
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
} catch {}
