namespace WireGate.Http.Upstream;

/// <summary>What a pool has of one target and login. On its loop only.</summary>
internal sealed class KnownUpstream
{
    /// <summary>Connections of HTTP/2 at the same time. Beyond them, and what streams they take, requests wait.</summary>
    public const int MostShared = 64;

    /// <summary>Connections of HTTP/1.1 that wait, the last that was used last.</summary>
    public List<Http1Upstream> Idle { get; } = [];

    /// <summary>Connections of HTTP/2.</summary>
    public List<SharedConnection> Shared { get; } = [];

    /// <summary>It was offered HTTP/2 and did not take it.</summary>
    public bool IsHttp11 { get; set; }

    /// <summary>Who waits for room on those.</summary>
    public RoomQueue Queue { get; } = new();

    /// <summary>Completes when the connection is there that is being opened for whoever waits, or has failed; null: none is.</summary>
    public TaskCompletionSource? Opening { get; set; }

    /// <summary>None could be opened for those that wait: they wait for room on one that is open, as long as one is.</summary>
    public bool HasFailed { get; set; }

    /// <summary>The operator has been told why; null: one was opened since.</summary>
    public string? Failure { get; set; }

    /// <summary>Those that wait may be served without another.</summary>
    public bool MayHaveRoom => Shared.Exists(c => c.MayHaveRoom);

    /// <summary>Nothing of it is needed any more.</summary>
    public bool IsUnused => Idle.Count == 0 && Shared.Count == 0 && Opening is null && Queue.IsEmpty;

    /// <summary>One of HTTP/2 that has room.</summary>
    public SharedConnection? FindRoom()
    {
        foreach (SharedConnection connection in Shared)
        {
            if (connection.CanOpen)
            {
                return connection;
            }
        }

        return null;
    }
}
