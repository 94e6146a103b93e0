"""Names that look like markup. All are harmless: what they point at is a port of this machine where nobody listens."""

NOWHERE = "127.0.0.1:1"
PICTURE = f"![x](http://{NOWHERE}/x.png)"
HTML = f'<b>BOO</b><img src="http://{NOWHERE}/y.png"><a href="http://{NOWHERE}/">a</a><i>I</i><sup>2</sup><br>'
NAME = f"{PICTURE}{HTML}**S** [l](http://{NOWHERE}/) :red[r] :material/home: $x$ `c` http://{NOWHERE}/z %{{x}} &lt;b>"
WORDS = [
    NAME,
    PICTURE,
    HTML,
    ":material/home: :red[r] :red :small :+1: :smile: :streamlit: :help[x] :blue-badge[b] :color[c]{foreground=red}",
    f"www.host.invalid http://{NOWHERE}/ HTTPS://host.invalid me@host.invalid <http://{NOWHERE}/q> mailto:a@b.invalid",
    "a -> b <- c -- d >= e <-> f ~= g <= h --",
    "$x$ $$y$$ \\(z\\) \\alpha",
    "**bold** __bold__ *em* _em_ ~~no~~ ~no~ `code` ``code``",
    "# heading #",
    "1. one",
    "- [x] done",
    "> quote",
    "+",
    "=",
    "a\nb\n\nc\n- d\n    e",
    " \tspaces \t",
    "    four",
    "[^1] [a][b] [b]: http://host.invalid",
    "| a | b |",
    "&lt;b&gt; &amp; &#60; &copy;",
    "\\ \\* \\\\ \\[",
    "<!-- c --> <script>x</script>",
    "photo_resnet · blur 3, 95 % (0.51)",
    "猫 é ± λ − \u202e",
]
FLAT = "![x](x.png) <b>BOO <img src=x.png> **S** :red[r] $x$ `c` www.host.invalid %{x} &lt;b>"  # may name a folder
RAW = ["![x](", "<b>BOO", "**S**", ":red[r]", "$x$", f"http://{NOWHERE}", "www.host"]  # as no Markdown may hold them
RAW_TAGS = ["<b>BOO", "<a ", "<sup>", "<br>", "<script", f'src="http://{NOWHERE}']  # as no HTML of ours may
RAW_HTML = ["<b>BOO", "<i>", "<a ", "<img", "%{x} &"]  # as no text of a figure may
