"""How the docs page looks, and the policy that lets a browser use this style and nothing else."""

import base64
import hashlib

STYLE = """\
:root{color-scheme:light dark;--page:#fff;--panel:#f6f7f9;--line:#e1e4e8;--text:#1c2128;--soft:#59636e;--link:#0b5cad;
--code:#f0f2f5;--get:#0b6e4f;--post:#0b5cad;--put:#8a5a00;--patch:#6b3fa0;--delete:#b3261e;--mark:#fff4d1}
@media (prefers-color-scheme:dark){:root{--page:#12151a;--panel:#191d24;--line:#2c323b;--text:#e4e8ee;--soft:#9aa5b1;
--link:#74b3ff;--code:#20252d;--get:#4cc38a;--post:#74b3ff;--put:#e3b341;--patch:#c297ff;--delete:#ff8a80;--mark:#3a3216}}
*{box-sizing:border-box}
html{scroll-padding-top:1rem;-webkit-text-size-adjust:100%}
body{margin:0;background:var(--page);color:var(--text);font:16px/1.55 system-ui,-apple-system,"Segoe UI",sans-serif}
a{color:var(--link);text-decoration:none}a:hover{text-decoration:underline}
:focus-visible{outline:2px solid var(--link);outline-offset:2px}
code,pre,.path{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;font-size:.86em}
code{background:var(--code);border-radius:4px;padding:.1em .35em;overflow-wrap:anywhere}
pre{background:var(--code);border-radius:8px;padding:.8rem 1rem;margin:.4rem 0 1rem;overflow-x:auto;line-height:1.45;
max-height:26rem}
pre code{background:none;padding:0;font-size:1em;overflow-wrap:normal}
.skip{position:absolute;left:-99rem}.skip:focus{left:1rem;top:1rem;background:var(--page);padding:.5rem;z-index:1}
.frame{display:grid;grid-template-columns:19rem minmax(0,1fr);max-width:86rem;margin:0 auto}
nav{position:sticky;top:0;height:100vh;overflow-y:auto;padding:1.5rem 1rem 2rem 1.5rem;
border-right:1px solid var(--line);background:var(--panel);font-size:.9rem}
nav strong{font-size:1.15rem}nav h2{font-size:.75rem;letter-spacing:.05em;text-transform:uppercase;color:var(--soft);
margin:1.2rem 0 .3rem}
nav ul{list-style:none;margin:0;padding:0}nav li a{display:block;padding:.15rem 0;color:var(--text)}
nav h2 a{color:inherit}
main{padding:2rem 2.5rem 6rem;min-width:0}
h1{font-size:2rem;line-height:1.2;margin:0 0 .5rem}
main h2{font-size:1.45rem;margin:3rem 0 .5rem;padding-bottom:.3rem;border-bottom:1px solid var(--line)}
article{border:1px solid var(--line);border-radius:10px;padding:1.1rem 1.3rem;margin:1.2rem 0}
article:target{border-color:var(--link);box-shadow:0 0 0 1px var(--link)}
article h3{margin:0;font-size:1.1rem}article h3 a{color:inherit}
article h4{margin:1.2rem 0 .3rem;font-size:.92rem}
.line{display:flex;flex-wrap:wrap;gap:.5rem .7rem;align-items:center;margin:.45rem 0}
.path{overflow-wrap:anywhere;font-size:.95em}
.method{font-weight:700;font-size:.75rem;letter-spacing:.03em;border:1px solid currentColor;border-radius:5px;
padding:.05rem .45rem}
.get{color:var(--get)}.post{color:var(--post)}.put{color:var(--put)}.patch{color:var(--patch)}.delete{color:var(--delete)}
.role{font-size:.78rem;color:var(--soft);border:1px solid var(--line);background:var(--panel);border-radius:99px;
padding:.05rem .6rem;white-space:nowrap}
p{margin:.4rem 0}.soft{color:var(--soft)}
.wide{overflow-x:auto}
table{border-collapse:collapse;width:100%;font-size:.9rem}
th{text-align:left;font-weight:600;color:var(--soft);font-size:.78rem}
th,td{padding:.35rem .8rem .35rem 0;border-bottom:1px solid var(--line);vertical-align:top}
tr:last-child td{border-bottom:0}
th:nth-child(1){width:30%}th:nth-child(2){width:24%}
td:first-child{white-space:nowrap}td.kind{color:var(--soft);min-width:8rem}
.answers td:first-child{width:4rem}
.needed{background:var(--mark);border-radius:4px;padding:0 .35rem;font-size:.75rem;margin-left:.4rem}
details{margin:.5rem 0}summary{cursor:pointer;color:var(--link)}
.bad{color:var(--delete)}.good{color:var(--get)}
@media (max-width:60rem){
.frame{display:block}
nav{position:static;height:auto;border-right:0;border-bottom:1px solid var(--line);padding:1rem;display:flex;
flex-wrap:wrap;gap:.5rem;align-items:center}
nav strong{width:100%}nav ul{display:none}nav h2{margin:0;font-size:.85rem;text-transform:none;letter-spacing:0}
nav h2 a{display:block;color:var(--link);border:1px solid var(--line);border-radius:99px;padding:.2rem .7rem}
.answers tr{display:flex;gap:.5rem}
main{padding:1rem 1rem 4rem}article{padding:.9rem}h1{font-size:1.6rem}
table,tbody,tr,td{display:block}thead{display:none}
td{border:0;padding:.05rem 0}td:first-child{white-space:normal}tr{border-bottom:1px solid var(--line);padding:.45rem 0}
tr:last-child{border-bottom:0}}
@media print{nav{display:none}.frame{display:block}article{break-inside:avoid}pre{max-height:none;white-space:pre-wrap}}
"""

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; "
    f"style-src 'sha256-{base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()}'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""No script, no picture, no font and no other address; of styles only this very text."""
