namespace WireGate.Http.Http2;

/// <summary>How much of what is legal and only wears out a peer may do: a bucket of tokens, filled by time and by what is useful.</summary>
/// <param name="time">What time it is.</param>
/// <param name="most">Tokens of a full bucket.</param>
/// <param name="perSecond">Tokens of a second.</param>
internal struct Budget(TimeProvider time, int most, double perSecond)
{
    private double _tokens = most;
    private long _filled = time.GetTimestamp();

    /// <summary>It did something useful.</summary>
    public void Earn() => _tokens = Math.Min(most, _tokens + 1);

    /// <summary>Takes a token.</summary>
    /// <returns>False: none is left.</returns>
    public bool TrySpend()
    {
        if (_tokens < 1)
        {
            long now = time.GetTimestamp();
            _tokens = Math.Min(most, _tokens + (time.GetElapsedTime(_filled, now).TotalSeconds * perSecond));
            _filled = now;
        }

        if (_tokens < 1)
        {
            return false;
        }

        _tokens--;
        return true;
    }
}
