using System.Buffers;
using System.IO.Pipelines;
using System.Text;
using WireGate.Core.Audit;
using WireGate.Core.Configuration;
using WireGate.Core.Credentials;
using WireGate.Core.Framing;
using WireGate.Core.Policy.External;
using WireGate.Core.Sessions;
using WireGate.Core.Transport.Tls;
using WireGate.Postgres.Authentication;
using WireGate.Postgres.Cancellation;
using WireGate.Postgres.Masking;
using WireGate.Postgres.Messages;
using WireGate.Postgres.Operations;
using WireGate.Postgres.Relaying;
using WireGate.Postgres.Sql;
using WireGate.Postgres.Startup;
using WireGate.Postgres.Upstream;

namespace WireGate.Postgres;

/// <summary>A session whose two ends are ready to talk.</summary>
/// <param name="Relay">Moves the bytes.</param>
/// <param name="Cancel">The cancel key issued for it; null: the upstream gave none.</param>
internal sealed record EstablishedSession(SessionRelay Relay, CancelEntry? Cancel);

/// <summary>
/// From the first byte to ReadyForQuery, in the order in which trust is earned: the client proves itself, what it may reach is chosen,
/// that is written down, and only then the real credential is fetched and used. The client hears AuthenticationOk last, unless it has to
/// wait for people.
/// </summary>
internal sealed partial class Handshake(
    PostgresServices services, UpstreamConnector connector, UpstreamLogin login, CancelRegistry cancels, ListenerTls listenerTls,
    UpstreamTroubles troubles, StatementCache statements, DecisionPoint point, CatalogCache catalogs)
{
    /// <returns>Null: there is no session to relay. Its end has its reason, and the client has been told.</returns>
    public async ValueTask<EstablishedSession?> RunAsync(Session session)
    {
        try
        {
            ServerTls? tls = listenerTls.Of(session.Listener);
            using StartupPacket? packet = await ClientOpening.RunAsync(session, tls);
            switch (packet?.Kind)
            {
                case null:
                    session.TryEnd(SessionEnd.NoSession);
                    return null;
                case StartupKind.CancelRequest:
                    await CancelAsync(session, packet);
                    return null;
                case StartupKind.StartupMessage when session.Full is { } full:
                    await RefuseAsync(session, new Refusal(SessionEnd.LimitReached, full, full));
                    return null;
                case StartupKind.StartupMessage:
                    session.IsOpened = true;
                    services.Audit.Append(session.Event(AuditEventKind.SessionOpened));
                    return await OpenAsync(session, packet, tls);
                default:
                    await RefuseAsync(session, new Refusal(
                        SessionEnd.FeatureRefused, "unsupported frontend protocol: the gateway speaks 3.0 to 3.2",
                        $"protocol version {packet.Version >> 16}.{packet.Version & 0xffff}"));
                    return null;
            }
        }
        catch (ProtocolException e) when (e.Peer == Peer.Client && session.End == SessionEnd.None)
        {
            await RefuseAsync(session, new Refusal(SessionEnd.ClientBrokeProtocol, "protocol violation", e.Message));
            return null;
        }
        catch (AuditFailedException e)
        {
            // Nothing can be written down any more, this refusal neither: the client is told, and that is all.
            await session.Loop.Switch();
            session.TryEnd(SessionEnd.AuditFailed, e.Message);
            await SayAsync(session, ErrorFields.Fatal(SqlState.IoError, Refusals.Farewell(SessionEnd.AuditFailed)));
            return null;
        }
    }

    private async ValueTask<EstablishedSession?> OpenAsync(Session session, StartupPacket packet, ServerTls? tls)
    {
        StartupParameters parameters = packet.Parameters!;
        var version = ProtocolVersionNegotiation.Of(packet.Version, parameters.ProtocolOptions);
        if (version.IsAnswerNeeded)
        {
            session.Client.Output.WriteNegotiateProtocolVersion(version.Version, version.UnknownOptions);
        }

        GatewayConfig config = session.Config;
        var user = UserName.Parse(parameters.User, config.Targets.ContainsKey);
        ClientProof? answered = await new ClientAuthentication(services.Placeholders, services.Time).RunAsync(session, user, tls);
        if (answered is not { } proof)
        {
            session.TryEnd(SessionEnd.ClientClosed, "before it proved anything");
            return null;
        }

        session.Caller = proof is { Verdict: not PlaceholderVerdict.Unknown, Placeholder: { } placeholder } ? Caller.Of(placeholder) : null;
        session.Method = proof.Method;
        (LoginRequest? request, Refusal? refusal) = await AuthorizeAsync(session, proof, parameters, user);
        if (request is null)
        {
            await RefuseAsync(session, refusal!);
            return null;
        }

        UpstreamSession? reached;
        bool isHeld = session.Access!.Grant.Hold is not null;
        if (isHeld)
        {
            Accept(session.Client.Output, proof);
            (reached, request) = await ReachWhenApprovedAsync(session, request, parameters, user);
        }
        else
        {
            reached = await ReachUpstreamAsync(session, request);
        }

        if (reached is not { } upstream)
        {
            return null;
        }

        CancelEntry? cancel = upstream.CancelKey.Length == 0
            ? null
            : cancels.Issue(
                new CancelEntry(session, session.Access!.Target, upstream.Address, upstream.ProcessId, upstream.CancelKey),
                version.CancelKeyLength);
        // Before the client hears that it is in: whoever ends the session from then on finds somebody to say so.
        var settings = new ParameterStatusRelay(request.User, request.ShownUser);
        settings.GreetedAs(login.GreetedAs);
        var judge = new OperationJudge(session, SettingsOf(upstream, request), statements, point, services.Time);
        var relay = new SessionRelay(session, upstream.Connection, judge, settings, services, log => new SessionMasks(
            session, request, catalogs.Of(request.Target, request.User, request.Database), log));
        if (!isHeld)
        {
            Accept(session.Client.Output, proof);
        }

        await GreetAsync(session.Client.Output, upstream, cancel);
        session.HandshakeDone();
        if (session.Lifetime is { } lifetime)
        {
            session.SetDeadline(lifetime, SessionEnd.Expired);
        }

        return new EstablishedSession(relay, cancel);
    }

    /// <returns>Exactly one of them.</returns>
    private async ValueTask<(LoginRequest? Request, Refusal? Refusal)> AuthorizeAsync(
        Session session, ClientProof proof, StartupParameters parameters, UserName user)
    {
        var authorization = new ClientAuthorization(services.Placeholders, services.Admission);
        if (proof.Verdict != PlaceholderVerdict.Ok || session.Caller is not { } caller)
        {
            return (null, authorization.NotProven(session, proof.Verdict, proof.Placeholder?.Id,
                user.Kind == UserNameKind.Plain && proof.Method.StartsWith("scram", StringComparison.Ordinal)
                    ? "SCRAM, and the user name names no placeholder: it has to be anything+ID, with the id that mint printed"
                    : null));
        }

        LoginRequest? request = null;
        Refusal? refusal = await authorization.AuthorizeAsync(session, caller, () => LoginChoice.Of(session, caller, parameters, user, out request));
        return refusal is null ? (request, null) : (null, refusal);
    }

    /// <summary>What the upstream said of its settings when it greeted.</summary>
    private static SessionSettings SettingsOf(UpstreamSession upstream, LoginRequest request)
    {
        var settings = new SessionSettings(
            request.User, upstream.SearchPath, isAsGiven: request.Settings.All(s => AllowedParameters.LeavesMeaning(s.Name, Encoding.UTF8.GetString(s.Value.Span))));
        var greeting = new ReadOnlySequence<byte>(upstream.Greeting.WrittenMemory);
        while (Frames.TryRead<UpstreamFramer>(greeting, out byte kind, out ReadOnlySequence<byte> body, out SequencePosition consumed))
        {
            if (kind == (byte)BackendMessage.ParameterStatus)
            {
                ParameterStatus parameter = ParameterStatus.Read(body.FirstSpan);
                settings.OnReported(parameter.Name, parameter.Value);
            }

            greeting = greeting.Slice(consumed);
        }

        return settings;
    }

    private static void Accept(PipeWriter output, ClientProof proof)
    {
        if (proof.Final is { } final)
        {
            output.WriteAuthenticationSaslFinal(final);
        }

        output.WriteAuthenticationOk();
    }

    private static async ValueTask GreetAsync(PipeWriter output, UpstreamSession upstream, CancelEntry? cancel)
    {
        await output.WriteAsync(upstream.Greeting.WrittenMemory, CancellationToken.None);
        if (cancel is not null)
        {
            output.WriteBackendKeyData(upstream.ProcessId, cancel.ClientKey);
        }

        output.WriteReadyForQuery(upstream.Status);
        await output.FlushAsync(CancellationToken.None);
    }

    private async ValueTask CancelAsync(Session session, StartupPacket packet)
    {
        session.TryEnd(SessionEnd.NoSession);
        if (cancels.Find(packet.CancelProcessId, packet.CancelKey) is not { } entry)
        {
            if (!cancels.WasIssued(packet.CancelProcessId, packet.CancelKey))
            {
                // Keys of four bytes can be guessed: a guess costs what a failed login costs.
                services.Admission.Penalize(session.SourceAddress, session.Config.Limits);
                services.TurnedAway.Count(session.Listener.Name, session.SourceAddress, "a cancel request whose key belongs to no session");
            }

            return;
        }

        services.Audit.Append(entry.Session.Event(AuditEventKind.CancelRequested) with { Source = session.Client.Remote?.ToString() ?? "unix" });
        session.SetDeadline(null);

        // What is decided about has not been sent: the upstream may have nothing to cancel.
        await entry.Session.Loop.Switch();
        bool isAll = entry.Session.Withdraw?.Invoke() == true;
        await session.Loop.Switch();
        if (isAll)
        {
            return;
        }

        await new UpstreamCancel(connector).SendAsync(session.Loop, entry, services.Time);
    }

    private async ValueTask RefuseAsync(Session session, Refusal refusal)
    {
        if (session.TryRefuse(refusal, services.Audit))
        {
            await SayAsync(session, Refusals.Fields(refusal));
        }
    }

    private static async ValueTask SayAsync(Session session, ErrorFields last)
    {
        session.Client.Output.WriteErrorResponse(last);
        await session.Client.Output.FlushAsync(CancellationToken.None);
    }
}
