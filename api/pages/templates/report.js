(()=>{const d=document,b=d.getElementById("here"),f=d.getElementById("photos");
if(b&&navigator.geolocation&&isSecureContext){b.hidden=false;b.onclick=()=>navigator.geolocation.getCurrentPosition(p=>{
d.getElementById("lon").value=p.coords.longitude;d.getElementById("lat").value=p.coords.latitude;
d.getElementById("found").hidden=false;b.hidden=true},()=>{d.getElementById("lost").hidden=false},
{enableHighAccuracy:true,timeout:15000})}
if(f&&self.createImageBitmap&&self.DataTransfer)f.onchange=async()=>{const t=new DataTransfer();
for(const x of f.files){let y=x;try{const i=await createImageBitmap(x,{imageOrientation:"from-image"}),
k=Math.min(1,1600/Math.max(i.width,i.height)),c=d.createElement("canvas");c.width=i.width*k;c.height=i.height*k;
c.getContext("2d").drawImage(i,0,0,c.width,c.height);
const z=await new Promise(r=>c.toBlob(r,"image/jpeg",.85));if(z&&z.size<x.size)y=new File([z],"photo.jpg",{type:"image/jpeg"})}catch(e){}
t.items.add(y)}f.files=t.files}})()
