using WireGate.Core.Transport;

namespace WireGate.Http.Upstream;

/// <content>How connections of HTTP/1.1 end.</content>
internal sealed partial class UpstreamPool
{
    /// <summary>Upstreams that were told so close at once.</summary>
    internal const int MostLeaving = 1024;

    private readonly HashSet<Http1Upstream> _leaving = [];

    /// <summary>Has the upstream close one that it was told to close.</summary>
    public void Leave(Http1Upstream connection)
    {
        if (_isDisposed || connection.Connection.IsHungUp)
        {
            Close(connection);
            return;
        }

        if (_leaving.Count >= MostLeaving)
        {
            Drop(connection);
            return;
        }

        connection.Unhold();
        connection.Rest(time.GetTimestamp(), isReused: true);
        connection.Connection.HungUp = connection.Lost;
        _leaving.Add(connection);
        _sweeper ??= NewSweeper();
    }

    /// <summary>Closes one, on which nothing is made any more. On the loop.</summary>
    public static void Close(Http1Upstream connection)
    {
        connection.Connection.HungUp = null;
        connection.Dispose();
        _ = CloseAsync(connection.Connection);
    }

    /// <summary>
    /// Closes one by a reset, so that its port is free again: of who says first that nothing more comes it is taken for a minute. Where something is under
    /// way to the upstream that would be lost by it, as other closes. On the loop.
    /// </summary>
    public static void Drop(Http1Upstream connection)
    {
        if (connection.Connection.IsAllTaken)
        {
            connection.Connection.Reset();
        }

        Close(connection);
    }

    private static async Task CloseAsync(Connection connection)
    {
        try
        {
            await connection.DisposeAsync();
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            // It is gone, which was wanted.
        }
    }

    private void SweepLeaving()
    {
        foreach (Http1Upstream connection in _leaving.Where(c => time.GetElapsedTime(c.IdleSince) > SweepEvery).ToArray())
        {
            _leaving.Remove(connection);
            Drop(connection);
        }
    }

    private void CloseLeaving()
    {
        foreach (Http1Upstream connection in _leaving)
        {
            Close(connection);
        }

        _leaving.Clear();
    }
}
