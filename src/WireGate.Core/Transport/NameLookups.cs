using System.Net;

namespace WireGate.Core.Transport;

/// <summary>
/// Lookups of names on threads of their own. A resolver that says nothing is waited for, for as long as the system does, by a thread that can do nothing else:
/// on the pool those would be the threads of everybody. What is looked up already is so for all who ask meanwhile. Safe to use from any thread.
/// </summary>
/// <param name="lookUp">Looks one up; may take as long as it likes.</param>
/// <param name="most">Threads there are at most: so many names that nobody answers for leave the others alone.</param>
/// <param name="linger">How long a thread waits for the next.</param>
internal sealed class NameLookups(Func<string, IPAddress[]> lookUp, int most, TimeSpan linger)
{
    // What the resolver of the system needs, with all its modules; of it is there what was touched.
    private const int Stack = 1024 * 1024;

    // A Monitor's, since it is waited on.
    private readonly object _lock = new();
    private readonly Dictionary<string, TaskCompletionSource<IPAddress[]>> _asked = new(StringComparer.OrdinalIgnoreCase);
    private readonly Queue<string> _next = [];
    private int _threads;
    private int _idle;

    /// <summary>Threads that are there.</summary>
    public int Threads
    {
        get
        {
            lock (_lock)
            {
                return _threads;
            }
        }
    }

    /// <summary>Looks a name up, or waits for where that is being done.</summary>
    /// <returns>The array is everybody's who asked; not to be changed. Fails as the lookup does.</returns>
    /// <exception cref="OutOfMemoryException">There is no thread, and none can be had.</exception>
    public Task<IPAddress[]> AskAsync(string host)
    {
        lock (_lock)
        {
            if (_asked.TryGetValue(host, out TaskCompletionSource<IPAddress[]>? asked))
            {
                return asked.Task;
            }

            if (_idle > _next.Count)
            {
                Monitor.Pulse(_lock);
            }
            else if (_threads < most)
            {
                StartThread();
            }

            // It waits behind the others if there is no thread for it.
            asked = new TaskCompletionSource<IPAddress[]>(TaskCreationOptions.RunContinuationsAsynchronously);
            _asked.Add(host, asked);
            _next.Enqueue(host);
            return asked.Task;
        }
    }

    private void StartThread()
    {
        try
        {
            new Thread(Work, Stack) { IsBackground = true, Name = "names" }.UnsafeStart();
            _threads++;
        }
        catch (OutOfMemoryException) when (_threads > 0)
        {
            // Those that are there take it.
        }
    }

    private void Work()
    {
        while (TryTake(out string host, out TaskCompletionSource<IPAddress[]> asked))
        {
            IPAddress[]? found = null;
            Exception? failure = null;
            try
            {
                found = lookUp(host);
            }
            catch (Exception e)
            {
                failure = e;
            }

            lock (_lock)
            {
                _asked.Remove(host);
            }

            if (failure is null)
            {
                asked.SetResult(found!);
            }
            else
            {
                asked.SetException(failure);

                // All who asked may be gone.
                _ = asked.Task.Exception;
            }
        }
    }

    private bool TryTake(out string host, out TaskCompletionSource<IPAddress[]> asked)
    {
        lock (_lock)
        {
            while (!_next.TryDequeue(out host!))
            {
                _idle++;
                bool isWoken = Monitor.Wait(_lock, linger);
                _idle--;
                if (!isWoken && _next.Count == 0)
                {
                    _threads--;
                    asked = null!;
                    return false;
                }
            }

            asked = _asked[host];
            return true;
        }
    }
}
