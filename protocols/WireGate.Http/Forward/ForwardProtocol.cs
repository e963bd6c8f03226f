using System.Buffers;
using System.IO.Pipelines;
using System.Net.Security;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Text;
using WireGate.Core.Configuration;
using WireGate.Core.Framing;
using WireGate.Core.Sessions;
using WireGate.Http.Credentials;
using WireGate.Http.Http1;
using WireGate.Http.Routing;

namespace WireGate.Http.Forward;

/// <summary>
/// A proxy for hosts of targets and for nothing else: what CONNECT opens ends here, in TLS with a certificate of our own, and what comes out of it are
/// requests as any others. Nothing is passed on that was not read.
/// </summary>
/// <param name="services">The process.</param>
/// <param name="serve">Serves the requests of a connection.</param>
internal sealed class ForwardProtocol(HttpServices services, Func<Session, RequestScope?, ValueTask> serve) : IProtocol
{
    // RFC 8446 section 5.1: the record of a ClientHello.
    private const byte Handshake = 22;

    // Those of a config that was replaced go with it.
    private readonly ConditionalWeakTable<ForwardAuthorityConfig, LeafCertificates> _leaves = [];
    private readonly RefusedHosts _refused = new(services);

    /// <inheritdoc/>
    public string Name => ProtocolNames.Forward;

    /// <inheritdoc/>
    public async ValueTask RunAsync(Session session)
    {
        ArgumentNullException.ThrowIfNull(session);
        if (await BeginAsync(session) is { } scope)
        {
            await serve(session, scope);
        }
    }

    /// <returns>What requests follow; null: none.</returns>
    private async ValueTask<RequestScope?> BeginAsync(Session session)
    {
        using var head = new RequestHead();
        if (!await ReadHeadAsync(session, head))
        {
            return null;
        }

        if (session.Full is { } full)
        {
            return await RefuseAsync(session, head, 429, new Refusal(SessionEnd.LimitReached, full, full));
        }

        if (head.ReadTarget().Form == TargetForm.Authority)
        {
            return await ConnectAsync(session, head);
        }

        return RequestScope.Plain.Check(session, head) switch
        {
            null => RequestScope.Plain,
            { Problem: RequestScope.NoTarget } => await RefuseHostAsync(session, head),
            { } outside => await RefuseAsync(session, head, outside.Status, outside.Problem),
        };
    }

    /// <summary>Reads the head that it all begins with. That of a request stays where it is; that of CONNECT does not.</summary>
    /// <returns>False: there is none.</returns>
    private async ValueTask<bool> ReadHeadAsync(Session session, RequestHead head)
    {
        PipeReader input = session.Client.Input;
        while (true)
        {
            ReadResult read = await input.ReadAsync(CancellationToken.None);
            SequencePosition consumed;
            bool isHead;
            try
            {
                isHead = head.TryRead(read.Buffer, out consumed);
            }
            catch (ProtocolException e)
            {
                input.AdvanceTo(read.Buffer.End);
                await RefuseAsync(session, head, head.Status, e.Message);
                return false;
            }

            bool isEmpty = read.Buffer.IsEmpty;
            SequencePosition taken = isHead && head.ReadTarget().Form == TargetForm.Authority ? consumed : read.Buffer.Start;
            input.AdvanceTo(taken, isHead ? taken : read.Buffer.End);
            if (isHead || read.IsCompleted || session.End != SessionEnd.None)
            {
                isHead &= session.End == SessionEnd.None;
                _ = isHead || session.TryEnd(SessionEnd.NoSession, isEmpty ? null : "within the head of a request");
                return isHead;
            }
        }
    }

    // CONNECT host:port, and behind our 200 the client's TLS.
    private async ValueTask<RequestScope?> ConnectAsync(Session session, RequestHead head)
    {
        if (head.Body.Kind != BodyKind.None || head.ContentLength is not null)
        {
            return await RefuseAsync(session, head, 400, "CONNECT with a body");
        }

        if (HasPlaceholder(head))
        {
            return await RefuseAsync(session, head, 400, "a placeholder belongs in the requests within the tunnel, and not in CONNECT");
        }

        (string host, int port) = PlaceOf(head);
        session.Host = Encoding.ASCII.GetString(head.Authority).ToLowerInvariant();
        if (!TargetChoice.Of(session.Config).TryFind(session.Listener, session.Config, head.Authority, default, out _, out _))
        {
            return await RefuseHostAsync(session, head);
        }

        // It is all that is needed of it, and its memory is not for whoever waits.
        head.Clear();
        SslServerAuthenticationOptions? shown;
        try
        {
            shown = await LeavesOf(session.Listener).OfAsync(host);
            await session.Loop.Switch();
        }
        catch (Exception e) when (e is CryptographicException or IOException or UnauthorizedAccessException)
        {
            await session.Loop.Switch();
            services.Logger.AuthorityUnfit(session.Listener.Name, host, e.Message);
            return await RefuseAsync(
                session, head, 503, new Refusal(SessionEnd.CredentialUnavailable, "the gateway cannot prove itself to be this host", $"its authority cannot sign for {host}: {e.Message}"));
        }

        if (shown is null)
        {
            return await RefuseHostAsync(session, head, "the gateway may not sign for this host", ForwardAuthority.NotPermitted(session.Listener.Name, host));
        }

        session.Client.Output.Write("HTTP/1.1 200 Connection established\r\n\r\n"u8);
        await session.Client.Output.FlushAsync(CancellationToken.None);
        if (!await SpeaksTlsAsync(session, head))
        {
            return null;
        }

        await HttpProtocol.AcceptTlsAsync(session, shown);
        return RequestScope.Tunnel(host, port, session.Client.Tls!.ServerName);
    }

    private LeafCertificates LeavesOf(ListenerConfig listener) => _leaves.GetValue(
        listener.Authority!,
        c => listener.Http2 == ListenerHttp2.Off ? new LeafCertificates(c, services.Time, HttpProtocol.Http11)
            : new LeafCertificates(c, services.Time, HttpProtocol.Http2, HttpProtocol.Http11));

    /// <summary>Looks at the first byte within a tunnel, and leaves it where it is.</summary>
    private async ValueTask<bool> SpeaksTlsAsync(Session session, RequestHead head)
    {
        PipeReader input = session.Client.Input;
        ReadResult read = await input.ReadAsync(CancellationToken.None);
        bool isEmpty = !new SequenceReader<byte>(read.Buffer).TryPeek(out byte first);
        bool isTls = !isEmpty && first == Handshake;
        input.AdvanceTo(read.Buffer.Start);
        if (isEmpty)
        {
            session.TryEnd(SessionEnd.NoSession);
        }
        else if (!isTls)
        {
            await RefuseAsync(session, head, 400, "what follows CONNECT is no TLS, and nothing else goes through");
        }

        return isTls && session.End == SessionEnd.None;
    }

    // A placeholder in a proxy's credentials goes in clear, and to whoever the proxy is.
    private static bool HasPlaceholder(RequestHead head) =>
        Core.Credentials.PlaceholderToken.IsWithin(head.Bytes) || EncodedPlaceholder.IsWithin(head.Bytes);

    private static (string Host, int Port) PlaceOf(RequestHead head)
    {
        Authority.TryRead(head.Authority, out ReadOnlySpan<byte> host, out int? port);
        return (Encoding.ASCII.GetString(host).ToLowerInvariant(), port!.Value);
    }

    private ValueTask<RequestScope?> RefuseHostAsync(Session session, RequestHead head) =>
        RefuseHostAsync(session, head, RequestScope.NoTarget, RequestScope.NoTarget);

    private async ValueTask<RequestScope?> RefuseHostAsync(Session session, RequestHead head, string problem, string detail)
    {
        string? reference = _refused.Refuse(session, problem, detail);
        await AnswerAsync(session, head, 403, problem, reference);
        return null;
    }

    private async ValueTask<RequestScope?> RefuseAsync(Session session, RequestHead head, int status, string problem)
    {
        string? reference = _refused.Refuse(session, new Refusal(SessionEnd.ClientBrokeProtocol, problem, problem));
        if (session.IsRefused)
        {
            await AnswerAsync(session, head, status, problem, reference);
        }

        return null;
    }

    private async ValueTask<RequestScope?> RefuseAsync(Session session, RequestHead head, int status, Refusal refusal)
    {
        if (session.TryRefuse(refusal, services.Audit))
        {
            await AnswerAsync(session, head, status, refusal.Message, refusal.Reference);
        }

        return null;
    }

    private ValueTask AnswerAsync(Session session, RequestHead head, int status, string problem, string? reference) =>
        LastAnswer.SendAsync(
            session, Refusals.Of(status, problem, reference), isHead: head.Length > 0 && head.Method.SequenceEqual("HEAD"u8), services.Time.GetUtcNow());
}
