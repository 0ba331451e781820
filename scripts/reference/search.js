// SPDX-License-Identifier: MIT
// Search in search-index.js: [name, what it is, page, about]. Works from file://, without a server.
(function () {
    "use strict";
    var MOST = 12;
    var query = document.getElementById("query");
    var list = document.getElementById("found");
    var chosen = -1;

    document.documentElement.classList.add("searchable");

    // Whole names first, then beginnings of a name or of a part of it, then names that hold the
    // words, then texts; the shorter name first.
    function rank(entry, words) {
        var name = entry[0].toLowerCase();
        var all = name + " " + (entry[1] + " " + entry[3]).toLowerCase();
        var whole = words.join("_");

        if (!words.every(function (word) { return all.indexOf(word) >= 0; }))
            return -1;
        if (name === whole || name === "stile_" + whole)
            return 0;
        if (name.indexOf(whole) === 0 || name.indexOf("stile_" + whole) === 0)
            return 1000 + name.length;
        if (words.every(function (word) { return name.indexOf(word) >= 0; }))
            return 2000 + name.length;
        return 3000 + name.length;
    }

    function find(text) {
        var words = text.toLowerCase().split(/[\s_().-]+/).filter(Boolean);

        if (words.length === 0)
            return [];
        return window.stileIndex
            .map(function (entry) { return {entry: entry, rank: rank(entry, words)}; })
            .filter(function (hit) { return hit.rank >= 0; })
            .sort(function (a, b) { return a.rank - b.rank; })
            .slice(0, MOST)
            .map(function (hit) { return hit.entry; });
    }

    function part(tag, text) {
        var element = document.createElement(tag);

        element.textContent = text;
        return element;
    }

    function show() {
        var hits = find(query.value);

        list.textContent = "";
        hits.forEach(function (entry) {
            var item = document.createElement("li");
            var link = document.createElement("a");

            link.href = entry[2];
            link.appendChild(part("b", entry[0]));
            link.appendChild(part("i", entry[1]));
            link.appendChild(part("span", entry[3]));
            item.appendChild(link);
            list.appendChild(item);
        });
        if (hits.length === 0 && query.value.trim() !== "")
            list.appendChild(part("li", "Nothing of that name."));
        list.hidden = query.value.trim() === "";
        chosen = -1;
        choose(0);
    }

    function choose(next) {
        var links = list.querySelectorAll("a");

        if (links.length === 0)
            return;
        if (chosen >= 0)
            links[chosen].classList.remove("chosen");
        chosen = (next + links.length) % links.length;
        links[chosen].classList.add("chosen");
    }

    query.addEventListener("input", show);
    query.addEventListener("keydown", function (event) {
        var links = list.querySelectorAll("a");

        if (event.key === "ArrowDown" || event.key === "ArrowUp") {
            choose(chosen + (event.key === "ArrowDown" ? 1 : -1));
            event.preventDefault();
        } else if (event.key === "Enter" && links[chosen]) {
            location.href = links[chosen].href;
            list.hidden = true;
        } else if (event.key === "Escape") {
            query.value = "";
            show();
            query.blur();
        }
    });
    document.addEventListener("keydown", function (event) {
        if (event.key === "/" && document.activeElement !== query) {
            query.focus();
            query.select();
            event.preventDefault();
        }
    });
    document.addEventListener("click", function (event) {
        if (!event.target.closest(".search"))
            list.hidden = true;
    });
    query.addEventListener("focus", function () { list.hidden = query.value.trim() === ""; });

    // A link to this page may ask: index.html?q=event
    var asked = new URLSearchParams(location.search).get("q");

    if (asked) {
        query.value = asked;
        show();
    }
})();
