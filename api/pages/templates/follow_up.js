(()=>{const t=location.hash.slice(1),i=document.getElementById("token");
if(t&&i){i.value=t;history.replaceState(null,"",location.pathname+location.search)}})()
