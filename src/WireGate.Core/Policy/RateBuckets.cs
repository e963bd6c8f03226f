using System.Collections.Concurrent;
using WireGate.Core.Configuration;

namespace WireGate.Core.Policy;

/// <summary>The token buckets of one limit, by whoever shares them. For any thread.</summary>
internal sealed class RateBuckets(RateConfig rate)
{
    // Ours: below it, looking for full ones costs more than they do.
    private const int LeastToPrune = 1024;

    private readonly ConcurrentDictionary<string, Bucket> _buckets = new(StringComparer.Ordinal);
    private int _pruneAt = LeastToPrune;

    internal int Count => _buckets.Count;

    /// <summary>Takes all of some, or none.</summary>
    /// <returns>False: so many are not left.</returns>
    internal bool TryTake(string key, DateTimeOffset now, int count = 1)
    {
        while (true)
        {
            if (!_buckets.TryGetValue(key, out Bucket? bucket))
            {
                Prune(now);
                bucket = _buckets.GetOrAdd(key, new Bucket(rate.Operations, now));
            }

            if (bucket.TryTake(rate, now, count) is { } taken)
            {
                return taken;
            }
        }
    }

    /// <summary>Drops what is full again: a new one is no different.</summary>
    private void Prune(DateTimeOffset now)
    {
        if (_buckets.Count < Volatile.Read(ref _pruneAt))
        {
            return;
        }

        foreach ((string key, Bucket bucket) in _buckets)
        {
            if (bucket.TryClose(rate, now))
            {
                _buckets.TryRemove(KeyValuePair.Create(key, bucket));
            }
        }

        Volatile.Write(ref _pruneAt, Math.Max(LeastToPrune, _buckets.Count * 2));
    }

    private sealed class Bucket(double tokens, DateTimeOffset now)
    {
        private readonly Lock _lock = new();
        private double _tokens = tokens;
        private DateTimeOffset _last = now;
        private bool _closed;

        /// <returns>Null: it was dropped, there is another one.</returns>
        internal bool? TryTake(RateConfig rate, DateTimeOffset now, int count)
        {
            lock (_lock)
            {
                if (_closed)
                {
                    return null;
                }

                Refill(rate, now);
                if (_tokens < count)
                {
                    return false;
                }

                _tokens -= count;
                return true;
            }
        }

        internal bool TryClose(RateConfig rate, DateTimeOffset now)
        {
            lock (_lock)
            {
                Refill(rate, now);
                _closed |= _tokens >= rate.Operations;
                return _closed;
            }
        }

        private void Refill(RateConfig rate, DateTimeOffset now)
        {
            // A clock that is set back gives nothing, and takes nothing.
            if (now > _last)
            {
                _tokens = Math.Min(rate.Operations, _tokens + ((now - _last) / rate.Per * rate.Operations));
            }

            _last = now;
        }
    }
}
