package ui

// The elements that pages use, by their HTML names.

// Div makes <div>.
func Div(parts ...Part) Node { return El("div", parts...) }

// Span makes <span>.
func Span(parts ...Part) Node { return El("span", parts...) }

// P makes <p>.
func P(parts ...Part) Node { return El("p", parts...) }

// H1 makes <h1>.
func H1(parts ...Part) Node { return El("h1", parts...) }

// H2 makes <h2>.
func H2(parts ...Part) Node { return El("h2", parts...) }

// H3 makes <h3>.
func H3(parts ...Part) Node { return El("h3", parts...) }

// H4 makes <h4>.
func H4(parts ...Part) Node { return El("h4", parts...) }

// A makes <a>.
func A(parts ...Part) Node { return El("a", parts...) }

// Img makes <img>.
func Img(parts ...Part) Node { return El("img", parts...) }

// Ul makes <ul>.
func Ul(parts ...Part) Node { return El("ul", parts...) }

// Ol makes <ol>.
func Ol(parts ...Part) Node { return El("ol", parts...) }

// Li makes <li>.
func Li(parts ...Part) Node { return El("li", parts...) }

// Form makes <form>.
func Form(parts ...Part) Node { return El("form", parts...) }

// Input makes <input>.
func Input(parts ...Part) Node { return El("input", parts...) }

// Button makes <button>.
func Button(parts ...Part) Node { return El("button", parts...) }

// Label makes <label>.
func Label(parts ...Part) Node { return El("label", parts...) }

// Select makes <select>.
func Select(parts ...Part) Node { return El("select", parts...) }

// Option makes <option>.
func Option(parts ...Part) Node { return El("option", parts...) }

// Textarea makes <textarea>.
func Textarea(parts ...Part) Node { return El("textarea", parts...) }

// Section makes <section>.
func Section(parts ...Part) Node { return El("section", parts...) }

// Article makes <article>.
func Article(parts ...Part) Node { return El("article", parts...) }

// Header makes <header>.
func Header(parts ...Part) Node { return El("header", parts...) }

// Footer makes <footer>.
func Footer(parts ...Part) Node { return El("footer", parts...) }

// Main makes <main>.
func Main(parts ...Part) Node { return El("main", parts...) }

// Nav makes <nav>.
func Nav(parts ...Part) Node { return El("nav", parts...) }

// Aside makes <aside>.
func Aside(parts ...Part) Node { return El("aside", parts...) }

// Figure makes <figure>.
func Figure(parts ...Part) Node { return El("figure", parts...) }

// Figcaption makes <figcaption>.
func Figcaption(parts ...Part) Node { return El("figcaption", parts...) }

// Picture makes <picture>.
func Picture(parts ...Part) Node { return El("picture", parts...) }

// Source makes <source>.
func Source(parts ...Part) Node { return El("source", parts...) }

// Table makes <table>.
func Table(parts ...Part) Node { return El("table", parts...) }

// Thead makes <thead>.
func Thead(parts ...Part) Node { return El("thead", parts...) }

// Tbody makes <tbody>.
func Tbody(parts ...Part) Node { return El("tbody", parts...) }

// Tfoot makes <tfoot>.
func Tfoot(parts ...Part) Node { return El("tfoot", parts...) }

// Tr makes <tr>.
func Tr(parts ...Part) Node { return El("tr", parts...) }

// Th makes <th>.
func Th(parts ...Part) Node { return El("th", parts...) }

// Td makes <td>.
func Td(parts ...Part) Node { return El("td", parts...) }

// Dl makes <dl>.
func Dl(parts ...Part) Node { return El("dl", parts...) }

// Dt makes <dt>.
func Dt(parts ...Part) Node { return El("dt", parts...) }

// Dd makes <dd>.
func Dd(parts ...Part) Node { return El("dd", parts...) }

// Strong makes <strong>.
func Strong(parts ...Part) Node { return El("strong", parts...) }

// Em makes <em>.
func Em(parts ...Part) Node { return El("em", parts...) }

// Small makes <small>.
func Small(parts ...Part) Node { return El("small", parts...) }

// S makes <s>.
func S(parts ...Part) Node { return El("s", parts...) }

// Time makes <time>.
func Time(parts ...Part) Node { return El("time", parts...) }

// Details makes <details>.
func Details(parts ...Part) Node { return El("details", parts...) }

// Summary makes <summary>.
func Summary(parts ...Part) Node { return El("summary", parts...) }

// Fieldset makes <fieldset>.
func Fieldset(parts ...Part) Node { return El("fieldset", parts...) }

// Legend makes <legend>.
func Legend(parts ...Part) Node { return El("legend", parts...) }

// Dialog makes <dialog>.
func Dialog(parts ...Part) Node { return El("dialog", parts...) }

// Hr makes <hr>.
func Hr(parts ...Part) Node { return El("hr", parts...) }

// Br makes <br>.
func Br(parts ...Part) Node { return El("br", parts...) }

// Output makes <output>.
func Output(parts ...Part) Node { return El("output", parts...) }

// Address makes <address>.
func Address(parts ...Part) Node { return El("address", parts...) }

// Progress makes <progress>.
func Progress(parts ...Part) Node { return El("progress", parts...) }
