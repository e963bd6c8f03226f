namespace WireGate.Hosting;

/// <summary>
/// Collects garbage when a burst of work is over. The runtime does so when more memory is wanted, and so a gateway that then only waits would keep for as
/// long as that what the burst has left: hundreds of megabytes, where clients did not read.
/// </summary>
internal sealed class QuietCollector : IDisposable
{
    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(1);

    /// <summary>Bytes made between two looks, below which nothing much happens: of some hundred requests.</summary>
    private const long Quiet = 256 * 1024;

    /// <summary>
    /// Bytes made since the last collection here that are worth another one, which stops the loops for half a millisecond: few, since clients that leave what
    /// lay here for them make no more.
    /// </summary>
    private const long Worthwhile = 256 * 1024;

    /// <summary>Bytes made between two looks by a process that nobody asks for anything: its clocks.</summary>
    private const long Idle = 16 * 1024;

    /// <summary>Bytes that are free and still the process's, for which its loops may be stopped for 20 to 40 ms, once: only that gives them back.</summary>
    private const long Much = 32 * 1024 * 1024;

    /// <summary>The same, where nobody is there whom that would keep waiting.</summary>
    private const long Some = 2 * 1024 * 1024;

    /// <summary>Quiet looks after which the loops have let go of what they keep for the next burst.</summary>
    private const int Settled = 8;

    private readonly IManagedHeap _heap;
    private readonly ITimer _timer;
    private long _seen;
    private long _collected;
    private int _quiet;
    private int _idle;

    // Bytes that are free and were not given back when that was asked: it is not asked again for them.
    private long _stays;

    /// <param name="heap">Where.</param>
    /// <param name="time">The clock.</param>
    public QuietCollector(IManagedHeap heap, TimeProvider time)
    {
        _heap = heap;
        _timer = time.CreateTimer(static c => ((QuietCollector)c!).Look(), this, LookEvery, LookEvery);
    }

    /// <inheritdoc/>
    public void Dispose() => _timer.Dispose();

    private void Look()
    {
        long made = _heap.Made;
        _idle = made - _seen < Idle ? _idle + 1 : 0;
        _quiet = made - _seen < Quiet && made - _collected >= Worthwhile ? _quiet + 1 : 0;
        _seen = made;
        if (_quiet is 1 or Settled)
        {
            _heap.Collect();
        }
        else if (_quiet is 2 or (Settled + 1))
        {
            // What the last one found.
            if (_heap.FreeOf(GCKind.Background) - _stays >= (_idle >= Settled / 2 ? Some : Much))
            {
                _heap.GiveBack();
                _stays = _heap.FreeOf(GCKind.FullBlocking);
            }

            _collected = _quiet > Settled ? made : _collected;
        }
    }
}
