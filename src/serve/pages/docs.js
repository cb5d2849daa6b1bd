"use strict";
// Sends what a call's form holds and shows the answer below it.
for (const form of document.querySelectorAll("form[data-path]")) {
  const choice = form.querySelector("select[name=example]");
  const body = form.querySelector("textarea");
  if (choice && body) {
    choice.addEventListener("change", () => {
      const option = choice.selectedOptions[0];
      body.value = option.dataset.value;
      body.dataset.type = option.dataset.type;
    });
  }
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const answer = form.querySelector("output");
    let path = form.dataset.path;
    const query = new URLSearchParams();
    for (const field of form.querySelectorAll("[data-in]")) {
      if (field.dataset.in === "path") {
        path = path.replace("{" + field.name + "}", encodeURIComponent(field.value));
      } else if (field.value !== "") {
        query.append(field.name, field.value);
      }
    }
    const text = query.toString();
    const address = "." + path + (text ? "?" + text : "");
    const request = {method: form.dataset.method, headers: {}};
    if (body) {
      request.body = body.value;
      request.headers["Content-Type"] = body.dataset.type;
    }
    answer.textContent = "...";
    const start = performance.now();
    try {
      const response = await fetch(address, request);
      const shown = document.createElement("pre");
      let content = await response.text();
      if ((response.headers.get("Content-Type") || "").startsWith("application/json")) {
        try {
          content = JSON.stringify(JSON.parse(content), null, 2);
        } catch (error) {
          content += "\n(" + error + ")";
        }
      }
      shown.textContent = content;
      const line = document.createElement("p");
      const time = (performance.now() - start).toFixed(0);
      line.textContent = response.status + " " + response.statusText + ", " + time + " ms, " + address;
      answer.replaceChildren(line, shown);
    } catch (error) {
      answer.textContent = "no answer: " + error;
    }
  });
}
