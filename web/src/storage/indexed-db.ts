/** Opens a database, made by `make` where there is none. Rejects where the browser has none, or does not allow it. */
export async function openDatabase(name: string, make: (database: IDBDatabase) => void): Promise<IDBDatabase> {
  const request = indexedDB.open(name, 1);
  request.addEventListener('upgradeneeded', () => {
    make(request.result);
  });
  return answerTo(request);
}

/** What a request gives. Within a transaction nothing else may be waited for. */
export function answerTo<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.addEventListener('success', () => {
      resolve(request.result);
    });
    request.addEventListener('error', () => {
      reject(request.error ?? new Error('the request failed'));
    });
  });
}

/** Resolves once all of a transaction is kept; rejects if none of it is. */
export function completed(transaction: IDBTransaction): Promise<void> {
  return new Promise((resolve, reject) => {
    transaction.addEventListener('complete', () => {
      resolve();
    });
    transaction.addEventListener('abort', () => {
      reject(transaction.error ?? new Error('the transaction was given up'));
    });
  });
}
