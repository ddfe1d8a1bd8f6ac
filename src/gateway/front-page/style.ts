/** The one stylesheet of the front page. */
export const style = `
:root{color-scheme:light dark;--back:#f5f7f8;--card:#fff;--line:#dde3e6;--text:#15242b;--soft:#55666e;--link:#00607a;--code:#eef2f4;
--good:#187a3f;--busy:#1766c2;--warn:#9a5b00;--bad:#bf2226;--off:#66757c;--goodback:#e7f5ec;--warnback:#fdf3e1;--badback:#fdebea}
@media (prefers-color-scheme:dark){:root{--back:#0e1518;--card:#162024;--line:#2a383e;--text:#e4edf0;--soft:#9aadb5;--link:#6cc9e4;--code:#1f2c31;
--good:#5ccb88;--busy:#74b2f5;--warn:#f0b35a;--bad:#ff8a85;--off:#94a5ac;--goodback:#14291d;--warnback:#2d2412;--badback:#341b1b}}
*{box-sizing:border-box}
body{margin:0;background:var(--back);color:var(--text);font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",sans-serif}
header,main,footer{max-width:76rem;margin:0 auto;padding:0 1.25rem}
header{display:flex;flex-wrap:wrap;align-items:center;gap:.25rem 1rem;padding-top:1.25rem;padding-bottom:1rem}
header svg{width:2.25rem;height:2.25rem;flex:none;color:var(--link)}
header .brand{display:flex;align-items:center;gap:.65rem;color:inherit;text-decoration:none;font-size:1.3rem;font-weight:650}
header nav{display:flex;gap:.5rem;align-items:center;min-width:0;overflow-wrap:anywhere}
header .about{margin-left:auto;color:var(--soft);font-size:.875rem;display:flex;flex-wrap:wrap;gap:.15rem .85rem}
#live{display:none}.js #live{display:inline}
#live::before{content:"";display:inline-block;width:.55em;height:.55em;border-radius:50%;background:var(--off);margin-right:.4em}
#live[data-state=live]::before{background:var(--good)}#live[data-state=waiting]::before{background:var(--warn)}
a{color:var(--link);text-underline-offset:.15em}a:not(:hover){text-decoration-color:color-mix(in srgb,var(--link) 35%,transparent)}
:focus-visible{outline:3px solid var(--busy);outline-offset:2px;border-radius:3px}
h2{font-size:1.05rem;margin:0 0 .6rem;font-weight:650}
.card,.banner{background:var(--card);border:1px solid var(--line);border-radius:10px;padding:1rem 1.15rem;margin:0 0 1rem}
.banner{border-left:5px solid var(--good);background:var(--goodback)}
.banner.warn{border-left-color:var(--warn);background:var(--warnback)}.banner.bad{border-left-color:var(--bad);background:var(--badback)}
.banner p{margin:0;color:var(--soft)}.banner .headline{font-size:1.3rem;font-weight:650;color:var(--text);overflow-wrap:anywhere}.banner ul{margin:.5rem 0 0;padding-left:1.2rem;overflow-wrap:anywhere}
.chips{display:flex;flex-wrap:wrap;gap:.25rem 1rem}
.columns{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(22rem,100%),1fr));gap:0 1rem;align-items:start}
table{width:100%;border-collapse:collapse;font-size:.925rem}
th,td{text-align:left;vertical-align:top;padding:.5rem .9rem .5rem 0;border-top:1px solid var(--line)}
th:last-child,td:last-child{padding-right:0}
thead th{border-top:0;padding-top:0;color:var(--soft);font-weight:500;font-size:.825rem}
tbody th{font-weight:600;overflow-wrap:anywhere}
tbody th small{display:block}
small{color:var(--soft);font-weight:400;font-size:.825rem}
.faint,.note{color:var(--soft)}.note{margin:.25rem 0 0;font-size:.925rem}
.problems td{border-top:0;padding-top:0}
.problems ul{margin:0;padding:.4rem .7rem .4rem 1.7rem;background:var(--warnback);border-radius:6px;overflow-wrap:anywhere;font-size:.875rem}
.long{overflow-wrap:anywhere}
td:not(.long){white-space:nowrap}.problems td{white-space:normal}
code{font:.875em/1.4 ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;background:var(--code);border-radius:4px;padding:.1em .35em}
a code{color:inherit}
.chip{white-space:nowrap;color:var(--off);font-weight:550}
.chip::before{content:"";display:inline-block;width:.62em;height:.62em;margin-right:.45em;border-radius:50%;border:2px solid currentColor;vertical-align:-.02em}
.chip.good{color:var(--good)}.chip.busy{color:var(--busy)}.chip.warn{color:var(--warn)}.chip.bad{color:var(--bad)}
.chip.good::before{background:currentColor}
.chip.busy::before{border-right-color:transparent}
.chip.warn::before{border-radius:0;clip-path:polygon(50% 0,100% 100%,0 100%);background:currentColor}
.chip.bad::before{border-radius:1px;background:currentColor;transform:rotate(45deg) scale(.9)}
ul.parts,ul.links,ol.history{list-style:none;margin:0;padding:0}
ul.parts li{display:grid;grid-template-columns:5.8rem auto 1fr;gap:0 .75rem;padding:.4rem 0;border-top:1px solid var(--line)}
ul.parts li:first-child{border-top:0;padding-top:0}ul.parts li>span:last-of-type{text-align:right}ul.parts .note{grid-column:2/-1;overflow-wrap:anywhere}
ul.parts strong{font-weight:600}
ul.links{display:flex;flex-wrap:wrap;gap:.25rem 1.25rem;margin-top:.75rem}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.35rem 1.25rem;margin:0}dt{color:var(--soft)}dd{margin:0;min-width:0}
ol.history li{display:flex;flex-wrap:wrap;align-items:baseline;gap:.1rem .75rem;padding:.3rem 0;border-top:1px solid var(--line)}ol.history li:first-child{border-top:0}
.copyable{display:flex;gap:.4rem;align-items:start}.copyable code{overflow-wrap:anywhere;white-space:normal}
.copy{display:none;flex:none;white-space:nowrap;font:inherit;font-size:.78rem;line-height:1.3;padding:.1rem .5rem;border:1px solid var(--line);border-radius:5px;background:var(--card);color:var(--soft);cursor:pointer}.js .copy{display:inline-block}.copy:hover{color:var(--text);border-color:var(--soft)}
footer{color:var(--soft);font-size:.825rem;padding-bottom:2rem}
@media (max-width:44rem){
header .about{margin-left:0;width:100%}
thead{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
table,tbody,tr,tbody th,td{display:block}
tr{border-top:1px solid var(--line);padding:.5rem 0}tr:first-child{border-top:0;padding-top:0}tr.problems{border-top:0;padding-top:0}
th,td{border:0;padding:.12rem 0}
td[data-label]{display:grid;grid-template-columns:6rem 1fr;white-space:normal}td[data-label]::before{content:attr(data-label);color:var(--soft);font-size:.825rem;padding-top:.08rem}td[data-label]>*{justify-self:start}
td.long[data-label]{grid-template-columns:1fr}
ul.parts li{grid-template-columns:6.2rem 1fr}ul.parts li>span:last-of-type{grid-column:2;text-align:left}ul.parts .note{grid-column:2}
dl.commands,dl{grid-template-columns:1fr;gap:0}dd{margin-bottom:.5rem}
}
@media print{.copy,#live{display:none!important}body{background:none}}
`;
