using System.Buffers;
using System.IO.Pipelines;
using System.Net.Security;
using System.Runtime.CompilerServices;
using WireGate.Core.Configuration;
using WireGate.Core.Framing;
using WireGate.Core.Policy.External;
using WireGate.Core.Sessions;
using WireGate.Core.Transport;
using WireGate.Core.Transport.Tls;
using WireGate.Http.Credentials;
using WireGate.Http.Forward;
using WireGate.Http.Holding;
using WireGate.Http.Http2.Frames;
using WireGate.Http.Relaying;
using WireGate.Http.Upstream;

namespace WireGate.Http;

/// <summary>HTTP/1.1 and HTTP/2: requests that are read, judged and written anew, and the bodies between them.</summary>
public sealed class HttpProtocol : IProtocol, IDisposable
{
    /// <summary>Registered ALPN names.</summary>
    internal const string Http11 = "http/1.1";

    /// <inheritdoc cref="Http11"/>
    internal const string Http2 = "h2";

    private readonly HttpServices _services;
    private readonly ListenerTls _tls = new(Http2, Http11);
    private readonly ListenerTls _tlsOfHttp11 = new(Http11);
    private readonly UpstreamConnector _connector;
    private readonly LoginCredentials _credentials;
    private readonly UpstreamTroubles _troubles;
    private readonly DecisionPoint _point = new();

    // A loop of the process lives as long as that; one of a session alone takes its connections with it.
    private readonly ConditionalWeakTable<EventLoop, UpstreamPool> _pools = [];

    /// <summary>One for all listeners of the process.</summary>
    public HttpProtocol(HttpServices services)
    {
        ArgumentNullException.ThrowIfNull(services);
        _services = services;
        _connector = new UpstreamConnector(new LoginCertificates(services.Secrets));
        _credentials = new LoginCredentials(services.Secrets, services.Time);
        _troubles = new UpstreamTroubles(services.Time, services.Logger);
        Forward = new ForwardProtocol(services, ServeAsync);
    }

    /// <summary>The same for listeners that are proxies.</summary>
    public IProtocol Forward { get; }

    internal HeldInProcess Held { get; } = new();

    /// <inheritdoc/>
    public string Name => ProtocolNames.Http;

    /// <inheritdoc/>
    public async ValueTask RunAsync(Session session)
    {
        ArgumentNullException.ThrowIfNull(session);
        ListenerConfig listener = session.Listener;
        if ((listener.Http2 == ListenerHttp2.Off ? _tlsOfHttp11 : _tls).Of(listener) is { } tls)
        {
            if (await PlainHttp.TryRefuseAsync(session, _services.Audit, _services.Time))
            {
                return;
            }

            await AcceptTlsAsync(session, tls.Options);
        }

        await ServeAsync(session, null);
    }

    /// <summary>Serves a client's requests, once it is known what speaks on its connection.</summary>
    private async ValueTask ServeAsync(Session session, RequestScope? scope)
    {
        UpstreamPool pool = _pools.GetValue(session.Loop, loop => new UpstreamPool(loop, _connector, _services.Time, _services.Logger));
        try
        {
            var services = new RelayServices(_services, pool, _credentials, _troubles, _point, Held) { Scope = scope };
            if (session.Client.Tls?.ApplicationProtocol == Http2 || (session.Listener.Http2 == ListenerHttp2.Clear && await BeginsHttp2Async(session.Client.Input)))
            {
                using var connection = new Http2ClientConnection(session, services);
                await connection.RunAsync();
            }
            else
            {
                using var connection = new Http1Connection(session, services);
                await connection.RunAsync();
            }
        }
        finally
        {
            await session.Loop.Switch();
            if (!session.Loop.IsShared)
            {
                pool.Dispose();
            }
        }
    }

    /// <summary>Closes the connections to who else is asked, and erases what logins say.</summary>
    public void Dispose()
    {
        _point.Dispose();
        _credentials.Dispose();
    }

    /// <summary>Whether a client knows that it may begin with HTTP/2 (RFC 9113 section 3.3). What it sent stays where it is.</summary>
    private static async ValueTask<bool> BeginsHttp2Async(PipeReader input)
    {
        while (true)
        {
            ReadResult read = await input.ReadAsync(CancellationToken.None);
            bool isWhole = read.Buffer.Length >= FrameWriter.Preface.Length;
            bool isIt = Begins(read.Buffer);
            bool isKnown = isWhole || !isIt || read.IsCompleted;
            input.AdvanceTo(read.Buffer.Start, isKnown ? read.Buffer.Start : read.Buffer.End);
            if (isKnown)
            {
                return isIt && isWhole;
            }
        }
    }

    private static bool Begins(in ReadOnlySequence<byte> buffer)
    {
        Span<byte> begin = stackalloc byte[FrameWriter.Preface.Length];
        ReadOnlySequence<byte> first = buffer.Slice(0, Math.Min(buffer.Length, begin.Length));
        first.CopyTo(begin);
        return begin[..(int)first.Length].SequenceEqual(FrameWriter.Preface[..(int)first.Length]);
    }

    internal static async ValueTask AcceptTlsAsync(Session session, SslServerAuthenticationOptions tls)
    {
        try
        {
            session.Client = await TlsConnection.AcceptAsync(session.Client, tls, session.HandshakeToken);
        }
        catch (ProtocolException e)
        {
            // The alert was the answer.
            session.TryEnd(SessionEnd.ClientBrokeProtocol, e.Message);
            throw;
        }
    }
}
