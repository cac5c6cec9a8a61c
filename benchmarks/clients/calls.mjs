// Counting the calls of a client of Node: as calls.py does.
export const url = process.env.MOCK_URL;
const most = 300;
const seconds = 20;

export async function call(name, make) {
  let error = "";
  let given;
  try {
    const late = new Promise((_, reject) => setTimeout(() => reject(new Error(`it takes over ${seconds} s`)), seconds * 1000).unref());
    given = await Promise.race([make(), late]);
  } catch (failure) {
    error = `${failure?.name}: ${failure?.message ?? JSON.stringify(failure)}`.slice(0, 600);
  }
  console.log(JSON.stringify({ call: name, ok: !error, error }));
  return given;
}

export async function drain(name, iterator) {
  return call(name, async () => {
    let count = 0;
    for await (const item of iterator) {
      count += Boolean(item);
      if (count > most) throw new Error(`it has over ${most} items`);
    }
  });
}
