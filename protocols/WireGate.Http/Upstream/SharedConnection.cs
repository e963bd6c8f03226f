using System.Net.Security;
using WireGate.Core.Framing;
using WireGate.Core.Transport;
using WireGate.Http.Http2;

namespace WireGate.Http.Upstream;

/// <summary>
/// A connection of HTTP/2 to an upstream, on which requests of all sessions of one caller on a loop are made that have its login, many at the same
/// time. It goes on until the upstream ends it, or nobody has needed it for a while. On the loop only.
/// </summary>
internal sealed class SharedConnection : IDisposable
{
    /// <summary>Streams at the same time, though the upstream may take more: one that is lost takes no more with it.</summary>
    public const int MostStreams = 100;

    // Memory for so many exchanges is kept for the next.
    private const int MostKept = 8;

    // A server of gRPC takes one that asks oftener than in five minutes for an attack, and says GOAWAY.
    private static readonly TimeSpan LongestSilence = TimeSpan.FromMinutes(6);
    private static readonly TimeSpan LongestPing = TimeSpan.FromSeconds(20);

    private readonly Connection _transport;
    private readonly SslStreamCertificateContext? _shown;
    private readonly Http2Connection _connection;
    private readonly UpstreamPool _pool;
    private readonly TimeProvider _time;
    private readonly Stack<Http2Upstream> _kept = [];
    private readonly TaskCompletionSource _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _reserved;
    private long _heard;
    private long _idleSince;
    private bool _isPinged;

    /// <param name="transport">Owned.</param>
    /// <param name="shown">Which certificate of the login was shown on it; null: none.</param>
    /// <param name="key">Whose it is.</param>
    /// <param name="pool">Told when there is room for a stream, or the connection is over.</param>
    /// <param name="time">The clock.</param>
    public SharedConnection(Connection transport, SslStreamCertificateContext? shown, UpstreamKey key, UpstreamPool pool, TimeProvider time)
    {
        (_transport, _shown, Key, _pool, _time) = (transport, shown, key, pool, time);
        _connection = new Http2Connection(Http2Role.Client, transport.Loop, transport.Input, transport.Output, time, Http2Limits.Usual)
        {
            RoomChanged = OnRoom,
            TakenBelow = () => transport.Taken,
        };
        (_heard, _idleSince) = (time.GetTimestamp(), time.GetTimestamp());
    }

    /// <summary>Whose it is.</summary>
    public UpstreamKey Key { get; }

    /// <summary>It goes over TLS.</summary>
    public bool IsSecure => _transport.Tls is not null;

    /// <summary>Completes when the upstream has said how many streams it takes, or that it takes none.</summary>
    public Task WhenReady => _ready.Task;

    /// <summary>There is room for another exchange, behind those that were let in and have not begun.</summary>
    public bool CanOpen => _connection.HasSettings && Math.Min(_connection.Room, MostStreams - _connection.Active) > _reserved && !IsOutdated;

    /// <summary>There is room for those that were let in and have not begun.</summary>
    public bool HasKept => _connection.HasSettings && _connection.Room >= _reserved;

    /// <summary>The login shows another certificate by now.</summary>
    public bool IsOutdated => !_pool.IsCurrent(Key, _shown);

    /// <summary>There is room for another, or will be when one of those that it has is over, if the upstream takes any.</summary>
    public bool MayHaveRoom => _connection.HasSettings && !_connection.IsExhausted && !IsOutdated;

    /// <summary>Something was answered on it.</summary>
    public bool HasAnswered { get; set; }

    /// <summary>Moves its frames until it is over.</summary>
    public async Task RunAsync()
    {
        try
        {
            await _connection.RunAsync();
        }
        catch (ProtocolException)
        {
            // Whoever had a stream on it was told.
        }
        catch (Exception e)
        {
            // Nobody awaits it.
            _pool.Report(this, e);
        }

        await _transport.Loop.Switch();
        _ready.TrySetResult();
        _pool.Remove(this);
        Dispose();
        try
        {
            await _transport.DisposeAsync();
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            // It is gone, which was wanted.
        }
    }

    /// <summary>What another exchange is made on. Owned by the caller, who gives it back.</summary>
    public Http2Upstream Take()
    {
        Http2Upstream leg = _kept.TryPop(out Http2Upstream? kept) ? kept : new Http2Upstream(this);
        leg.Take();
        _reserved++;
        return leg;
    }

    /// <summary>An exchange is over.</summary>
    public void Return(Http2Upstream leg)
    {
        _idleSince = _time.GetTimestamp();
        if (_kept.Count < MostKept)
        {
            _kept.Push(leg);
        }
        else
        {
            leg.Dispose();
        }
    }

    /// <summary>Opens a stream of one that was let in.</summary>
    /// <returns>Null: there is no room any more.</returns>
    public Http2Stream? Open(FieldSection section, bool endStream)
    {
        _reserved--;
        return _connection.OpenStream(section, endStream);
    }

    /// <summary>One that was let in does not begin.</summary>
    public void Leave()
    {
        _reserved--;
        OnRoom();
    }

    /// <summary>Looks whether it is alive, and needed. Called every few seconds.</summary>
    /// <param name="longestIdle">So long nobody may have needed it.</param>
    public void Look(TimeSpan longestIdle)
    {
        if (_connection.TakeHeard())
        {
            (_heard, _isPinged) = (_time.GetTimestamp(), false);
        }

        TimeSpan silent = _time.GetElapsedTime(_heard);
        if (_connection.Active == 0)
        {
            if (_time.GetElapsedTime(_idleSince) > longestIdle)
            {
                Drain();
            }
        }
        else if (_isPinged && silent >= LongestSilence + LongestPing)
        {
            Close();
        }
        else if (!_isPinged && silent >= LongestSilence)
        {
            _isPinged = true;
            _connection.Ping();
        }
    }

    /// <summary>Takes no other exchange, and ends behind the last of those that it has.</summary>
    public void Drain() => _connection.Drain();

    /// <summary>Ends it, and what is made on it, now.</summary>
    public void Close() => _connection.Close();

    /// <inheritdoc/>
    public void Dispose() => _connection.Dispose();

    private void OnRoom()
    {
        if (_connection.HasSettings || _connection.IsExhausted)
        {
            _ready.TrySetResult();
        }

        _pool.OnRoom(Key);
    }
}
