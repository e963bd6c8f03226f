namespace WireGate.Http.Upstream;

/// <summary>
/// Requests that wait for a stream on a connection of HTTP/2, first come, first served: room is handed to the first of them with its place kept, so that
/// nobody who comes later takes it, and nobody else is woken. On its pool's loop only.
/// </summary>
internal sealed class RoomQueue
{
    private readonly LinkedList<RoomWaiter> _waiting = [];

    /// <summary>Nobody waits.</summary>
    public bool IsEmpty => _waiting.Count == 0;

    /// <summary>Who has waited longest; null: nobody waits.</summary>
    public RoomWaiter? First => _waiting.First?.Value;

    /// <summary>Another one waits, behind those that do.</summary>
    /// <param name="within">How long a connection that is opened for it may take.</param>
    public RoomWaiter Join(TimeSpan within)
    {
        var waiter = new RoomWaiter(within);
        waiter.Place = _waiting.AddLast(waiter);
        return waiter;
    }

    /// <summary>One waits no longer.</summary>
    /// <returns>False: it had been served, or has failed.</returns>
    public bool Leave(RoomWaiter waiter)
    {
        if (waiter.Place is not { } place)
        {
            return false;
        }

        _waiting.Remove(place);
        waiter.Place = null;
        return true;
    }

    /// <summary>The first gets what it waits for, and owns it.</summary>
    /// <returns>False: nobody waits.</returns>
    public bool TryServe(UpstreamLeg leg) => TakeFirst()?.End.TrySetResult(leg) ?? false;

    /// <summary>There never will be room: all are to make connections of HTTP/1.1.</summary>
    public void SendAway()
    {
        while (TakeFirst() is { } waiter)
        {
            waiter.End.TrySetResult(null);
        }
    }

    /// <summary>No connection is there, and none can be had, which all are told.</summary>
    public void Fail(Exception reason)
    {
        while (TakeFirst() is { } waiter)
        {
            waiter.End.TrySetException(reason);
        }
    }

    private RoomWaiter? TakeFirst()
    {
        RoomWaiter? first = First;
        if (first is not null)
        {
            Leave(first);
        }

        return first;
    }
}

/// <summary>One request that waits.</summary>
/// <param name="within">How long a connection that is opened for it may take.</param>
internal sealed class RoomWaiter(TimeSpan within)
{
    /// <inheritdoc cref="RoomWaiter"/>
    public TimeSpan Within => within;

    /// <summary>Ends with what it waited for; null: it is to make a connection of HTTP/1.1.</summary>
    public TaskCompletionSource<UpstreamLeg?> End { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Null: it waits no longer.</summary>
    public LinkedListNode<RoomWaiter>? Place { get; set; }
}
