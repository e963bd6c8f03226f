// An agent as node's fetch makes one: a request that needs an approval is asked for, looked after, and sent again when somebody has said yes.
'use strict';

const { WG_URL, WG_PLACEHOLDER } = process.env;
const headers = { Authorization: `Bearer ${WG_PLACEHOLDER}`, 'Content-Type': 'application/json' };
const request = more => fetch(`${WG_URL}/held/fetched`, { method: 'POST', headers: { ...headers, ...more }, body: '{"price": 7}' });

(async () => {
  const asked = await request({ Prefer: 'respond-async' });
  const { approval } = await asked.json();
  const place = new URL(asked.headers.get('location'), WG_URL);
  console.log(`${asked.status} ${approval}`);
  let state;
  do {
    state = (await (await fetch(place, { headers })).json()).state;
    await new Promise(resolve => setTimeout(resolve, 100));
  } while (state === 'pending');
  const answer = await request({ Prefer: 'respond-async', 'WireGate-Approval': approval });
  console.log(`${state} ${answer.status} ${(await answer.json()).length}`);
  console.log(`${(await request({ 'WireGate-Approval': approval })).status}`);
})().catch(error => {
  console.error(error);
  process.exit(1);
});
