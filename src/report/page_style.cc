#include "report/html.h"

namespace starcast::report {

// Drawings bring their own light colours as attributes, which any rule of a style sheet overrides: the dark
// half of this one recolours the background, texts, grid and axes by their place in the drawing.
std::string_view page_style() {
  return R"css(:root{color-scheme:light dark;--page:#f4f5f7;--card:#fff;--ink:#1b1f24;--quiet:#59616c;--line:#d9dde3;
--faint:#eef0f3;--accent:#0072b2;--bar:#7fb8d8;--warn:#8a1c00;--warn-page:#fff1ec}
@media (prefers-color-scheme:dark){:root{--page:#101317;--card:#181c21;--ink:#e6e9ed;--quiet:#a3abb6;--line:#343b44;
--faint:#20262d;--accent:#6cb8e6;--bar:#2f6f95;--warn:#ffb59e;--warn-page:#3a1a10}
figure svg>rect:first-of-type{fill:var(--card)}
figure svg text{fill:var(--ink)}
figure svg>path[fill=none]{stroke:var(--line)}
figure svg g[stroke="#ffffff"]{stroke:var(--card)}
figure svg [fill="#0072b2" i]{fill:#3d9bd3}
figure svg [stroke="#0072b2" i]{stroke:#3d9bd3}
figure svg path[stroke-dasharray]{stroke:var(--quiet)}}
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%}
body{margin:0;background:var(--page);color:var(--ink);font:16px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,
"Noto Sans","DejaVu Sans",sans-serif}
.wrap{max-width:1080px;margin:0 auto;padding:0 20px 48px}
.skip{position:absolute;left:-9999px}
.skip:focus{left:8px;top:8px;background:var(--card);padding:8px 12px;z-index:2}
header{padding:36px 0 8px}
h1{font-size:30px;line-height:1.2;margin:0 0 6px;letter-spacing:-.01em}
h2{font-size:21px;line-height:1.3;margin:0 0 10px}
h3{font-size:16px;margin:22px 0 6px}
p{margin:0 0 12px;max-width:74ch}
a{color:var(--accent)}
code{font:.9em ui-monospace,"DejaVu Sans Mono",Menlo,Consolas,monospace;overflow-wrap:anywhere}
.quiet,figcaption,.note{color:var(--quiet)}
.note,figcaption{font-size:14px}
nav ul{list-style:none;display:flex;flex-wrap:wrap;gap:4px 18px;margin:14px 0 22px;padding:10px 0;
border-top:1px solid var(--line);border-bottom:1px solid var(--line);font-size:15px}
nav a{text-decoration:none}
nav a:hover,nav a:focus{text-decoration:underline}
section{background:var(--card);border:1px solid var(--line);border-radius:10px;padding:22px 24px;margin:0 0 20px}
.banner{background:var(--warn-page);color:var(--warn);border:2px solid var(--warn);border-radius:10px;padding:14px 18px;
margin:20px 0 0;max-width:none;font-weight:700}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(150px,1fr));gap:12px;margin:16px 0;padding:0}
.tiles>div{background:var(--faint);border-radius:8px;padding:12px 14px}
.tiles dt{font-size:14px;color:var(--quiet)}
.tiles dd{margin:0}
.tiles .value{font-size:27px;line-height:1.25;font-weight:650;font-variant-numeric:tabular-nums}
.tiles .beside{font-size:13px;line-height:1.4;color:var(--quiet)}
.facts{display:grid;grid-template-columns:max-content 1fr;gap:4px 18px;margin:16px 0 0}
.facts dt{color:var(--quiet)}
.facts dd{margin:0;min-width:0;overflow-wrap:anywhere}
.scroll{overflow-x:auto;margin:14px 0}
table{border-collapse:collapse;width:100%;font-size:15px;line-height:1.4}
caption{text-align:left;font-weight:600;padding:0 0 6px}
th,td{padding:6px 10px;text-align:left;vertical-align:top;border-bottom:1px solid var(--line);font-weight:400}
thead th{color:var(--quiet);font-size:13px;border-bottom:2px solid var(--line);vertical-align:bottom}
thead th.n{white-space:normal}
th:first-child,td:first-child{padding-left:0}
td.n,th.n{text-align:right;white-space:nowrap;font-variant-numeric:tabular-nums}
tr.main th,tr.main td{font-weight:650;background:var(--faint)}
tr.main th:first-child{padding-left:8px}
td .range{display:block;font-size:12.5px;font-weight:400;color:var(--quiet)}
bdi{overflow-wrap:break-word}
.name{min-width:150px;display:inline-block;overflow-wrap:anywhere}
.name bdi{overflow-wrap:anywhere}
.bar{display:inline-block;width:calc(100% - 74px);min-width:70px;height:11px;background:var(--faint);border-radius:3px;
vertical-align:middle}
.bar span{display:block;height:100%;min-width:1px;background:var(--bar);border-radius:3px}
.bar+.n{display:inline-block;width:66px;text-align:right;font-variant-numeric:tabular-nums}
.pair{display:grid;grid-template-columns:repeat(2,minmax(0,1fr));gap:4px 24px;align-items:start}
figure{margin:14px 0 8px}
figure svg{display:block}
.limits{margin:0;padding:0}
.limits dt{font-weight:600}
.limits dd{margin:0 0 12px;max-width:74ch}
footer{color:var(--quiet);font-size:14px}
@media (max-width:800px){.pair{grid-template-columns:minmax(0,1fr)}}
@media (max-width:560px){.wrap{padding:0 10px 32px}section{padding:16px 14px}h1{font-size:25px}
.facts{grid-template-columns:1fr;gap:0}.facts dd{margin:0 0 8px}th,td{padding:6px 7px}table{font-size:14px}
.tiles{grid-template-columns:1fr 1fr}.wide>div{overflow-x:auto}.wide svg{width:640px;max-width:none!important}}
@media print{:root{--page:#fff}nav,.skip{display:none}section{border:0;padding:8px 0}figure,tr{break-inside:avoid}
.scroll{overflow:visible}}
)css";
}

}  // namespace starcast::report
