using System.Net.Security;
using WireGate.Core.Configuration;
using WireGate.Core.Credentials;
using WireGate.Core.Framing;
using WireGate.Core.Transport;

namespace WireGate.Http.Upstream;

/// <content>Connections that are shared, and who waits for room on them.</content>
internal sealed partial class UpstreamPool
{
    /// <summary>There may be room for a stream on one that is shared.</summary>
    public void OnRoom(UpstreamKey key)
    {
        if (_known.TryGetValue(key, out KnownUpstream? known))
        {
            Serve(known, key);
        }
    }

    /// <summary>One that was shared is over.</summary>
    public void Remove(SharedConnection connection)
    {
        if (_known.TryGetValue(connection.Key, out KnownUpstream? known))
        {
            known.Shared.Remove(connection);
            Serve(known, connection.Key);
        }
    }

    /// <summary>One that was shared ended by our own fault.</summary>
    public void Report(SharedConnection connection, Exception fault) => logger.UpstreamFailed(connection.Key.Target.Name, fault);

    // A new one, of whatever the upstream speaks.
    private async ValueTask<UpstreamLeg> OpenAsync(UpstreamKey key, TimeSpan within, CancellationToken cancellationToken)
    {
        long start = time.GetTimestamp();
        (Connection connection, SslStreamCertificateContext? shown) = await connector.ConnectAsync(loop, key, offersHttp2: true, time, within, cancellationToken);
        await loop.Switch();
        if (key.Target.Http2 != TargetHttp2.Clear && connection.Tls?.ApplicationProtocol != HttpProtocol.Http2)
        {
            KnownOf(key.ForAll).IsHttp11 = true;
            KnownOf(key).IsHttp11 = true;
            try
            {
                Hold(key);
            }
            catch (CallerFullException)
            {
                _ = CloseAsync(connection);
                throw;
            }

            return new Http1Upstream(connection, shown, key, this);
        }

        if (_isDisposed)
        {
            await CloseAsync(connection);
            throw new IOException(LoopEnds);
        }

        // Its first place is kept for who has it opened, whoever waits.
        var shared = new SharedConnection(connection, shown, key, this, time);
        Http2Upstream first = shared.Take();
        KnownOf(key).Shared.Add(shared);
        _ = shared.RunAsync();
        try
        {
            TimeSpan left = within - time.GetElapsedTime(start);
            await shared.WhenReady.WaitAsync(left > TimeSpan.Zero ? left : TimeSpan.Zero, time, cancellationToken);
        }
        catch (Exception e) when (e is TimeoutException or OperationCanceledException)
        {
            await loop.Switch();
            first.Release(Reuse.Nobody);
            shared.Close();
            throw e is TimeoutException ? new IOException("it says nothing of HTTP/2") : e;
        }

        await loop.Switch();
        if (!shared.HasKept)
        {
            // Kept for whenever it may take some, such would be opened for each request.
            first.Release(Reuse.Nobody);
            shared.Drain();
            throw new IOException("it takes no requests on a new connection");
        }

        return first;
    }

    private bool IsHttp11(UpstreamKey key) =>
        (_known.TryGetValue(key, out KnownUpstream? own) && own.IsHttp11) || (_known.TryGetValue(key.ForAll, out KnownUpstream? all) && all.IsHttp11);

    // Those that come at the same time wait for one connection, and not each for its own: the first is one of HTTP/2, or none of theirs need wait.
    private async ValueTask<UpstreamLeg> ShareAsync(UpstreamKey key, TimeSpan within, CancellationToken cancellationToken)
    {
        UpstreamLeg? shared = IsHttp11(key) ? null : await WaitAsync(KnownOf(key), key, within, cancellationToken);
        await loop.Switch();
        return shared ?? await OpenHttp11Async(key, within, cancellationToken);
    }

    /// <returns>Null: the upstream speaks HTTP/1.1.</returns>
    private async ValueTask<UpstreamLeg?> WaitAsync(KnownUpstream known, UpstreamKey key, TimeSpan within, CancellationToken cancellationToken)
    {
        RoomWaiter waiter = known.Queue.Join(within);
        known.HasFailed = false;
        Task<UpstreamLeg?> served = waiter.End.Task;
        Serve(known, key);
        try
        {
            try
            {
                return await served.WaitAsync(within, time, cancellationToken);
            }
            catch (TimeoutException)
            {
                await loop.Switch();
            }

            // What is being opened says itself when it is late, and why.
            if (known.Opening is { } opening)
            {
                await Task.WhenAny(served, opening.Task).WaitAsync(cancellationToken);
                await loop.Switch();
            }

            return known.Queue.Leave(waiter) ? throw new TimeoutException("no room") : await served;
        }
        catch (OperationCanceledException)
        {
            await loop.Switch();
            if (!known.Queue.Leave(waiter) && served is { IsCompletedSuccessfully: true, Result: { } leg })
            {
                // The next has it: nothing was said on it.
                leg.Release(Reuse.Caller);
            }

            throw;
        }
    }

    /// <summary>Hands out what room there is, and has a connection opened if somebody still waits. One at a time: it may take many.</summary>
    private void Serve(KnownUpstream known, UpstreamKey key)
    {
        while (!known.Queue.IsEmpty && known.FindRoom() is { } shared)
        {
            known.Queue.TryServe(shared.Take());
        }

        bool isWanted = known.Opening is null && known.Shared.Count < KnownUpstream.MostShared && !(known.HasFailed && known.MayHaveRoom);
        if (known.Queue.First is { } first && isWanted && !_isDisposed)
        {
            known.Opening = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _ = OpenForAllAsync(known, key, first.Within);
        }
    }

    // Whoever is gone meanwhile, others wait for it, and if nobody does it waits for whoever comes next. One that it was opened for gets it, or if none can
    // be had, waits for room on those that there are, or is told why not: so each request has a connection opened once, and once more when there are none
    // any more, and not for as long as an upstream closes them.
    private async Task OpenForAllAsync(KnownUpstream known, UpstreamKey key, TimeSpan within)
    {
        UpstreamLeg? opened = null;
        Exception? failure = null;
        try
        {
            opened = await OpenAsync(key, within, CancellationToken.None);
        }
        catch (Exception e)
        {
            failure = e;
        }

        await loop.Switch();
        known.Opening!.TrySetResult();
        known.Opening = null;
        known.HasFailed = failure is not null && known.MayHaveRoom;
        if (failure is null)
        {
            known.Failure = null;
        }

        if (known.HasFailed)
        {
            // Others are made there, and those that wait may be.
            if (known.Failure != failure!.Message)
            {
                known.Failure = failure.Message;
                if (IsOurs(failure))
                {
                    logger.UpstreamFailed(key.Target.Name, failure);
                }
                else
                {
                    logger.UpstreamFull(key.Target.Name, failure.Message);
                }
            }
        }
        else if (failure is not null)
        {
            known.Queue.Fail(failure);
        }
        else if (opened is Http1Upstream connection)
        {
            if (!known.Queue.TryServe(connection))
            {
                Keep(connection, isReused: false);
            }

            known.Queue.SendAway();
        }
        else if (!known.Queue.TryServe(opened!))
        {
            opened!.Release(Reuse.Nobody);
        }

        Serve(known, key);
    }

    // Nothing that an upstream, the network, a secret's source or a limit can be the reason of.
    private static bool IsOurs(Exception failure) => failure is not (IOException or ObjectDisposedException or TimeoutException
        or OperationCanceledException or ProtocolException or SecretUnavailableException or CallerFullException);
}
