import { createElement } from "react";
import { createRoot } from "react-dom/client";
import { App } from "./app.ts";

const place = document.getElementById("page");
if (place !== null) createRoot(place).render(createElement(App));
