using WireGate.Core.Approvals;
using WireGate.Core.Audit;
using WireGate.Core.Sessions;
using WireGate.Postgres.Messages;
using WireGate.Postgres.Startup;
using WireGate.Postgres.Upstream;

namespace WireGate.Postgres;

/// <content>Reaches the upstream, at once or once people have approved it.</content>
internal sealed partial class Handshake
{
    /// <returns>The upstream, null if it is not to be, and the client has been told; and what it was logged in with.</returns>
    private async ValueTask<(UpstreamSession? Upstream, LoginRequest Request)> ReachWhenApprovedAsync(
        Session session, LoginRequest request, StartupParameters parameters, UserName user)
    {
        // Behind AuthenticationOk: no client understands a NOTICE before.
        var held = new HeldSession(session, services.Approvals, services.Time, notice =>
        {
            session.Client.Output.WriteNoticeResponse(ErrorFields.Notice(notice));
            return session.Client.Output.FlushAsync(CancellationToken.None).AsTask();
        });
        (Approval? approval, Refusal? refusal) = await held.WaitAsync(session.Access!.Grant.Hold!, session.Lifetime);
        UpstreamSession? upstream = null;
        try
        {
            if (session.End != SessionEnd.None)
            {
                await SayAsync(session, ErrorFields.Fatal(Refusals.SqlStateOf(session.End), Refusals.Farewell(session.End)));
                return (null, request);
            }

            // People take their time: what is granted now counts.
            while (refusal is null && session.TakeConfig())
            {
                refusal = LoginChoice.Of(session, session.ProvenCaller, parameters, user, out LoginRequest? again)
                    ?? held.Judge(approval!, session.Access!.Grant.Hold, session.Lifetime);
                request = again ?? request;
            }

            if (refusal is not null)
            {
                await RefuseAsync(session, refusal);
                return (null, request);
            }

            upstream = await ReachUpstreamAsync(session, request, approval!.Id);
            return (upstream, request);
        }
        finally
        {
            if (approval is not null)
            {
                held.Complete(approval.Id, upstream is not null);
            }
        }
    }

    /// <param name="session">The session.</param>
    /// <param name="request">What to log in with.</param>
    /// <param name="approval">Id of what people approved; null: nobody was asked.</param>
    /// <returns>Null: it is not to be, and the client has been told.</returns>
    private async ValueTask<UpstreamSession?> ReachUpstreamAsync(Session session, LoginRequest request, string? approval = null)
    {
        // The identity is proven; from here on the limit is the upstream's, and the opener keeps it.
        session.Phase = SessionPhase.Connecting;
        session.SetDeadline(null);
        AuditPosition written = services.Audit.Append(session.Event(AuditEventKind.SessionAuthenticated) with { Approval = approval });
        UpstreamSession? upstream = null;
        Refusal? refusal = null;

        // Whoever ends the session now wakes us by its token; the client, which waits for an answer, gets one.
        session.Interrupt = static () => { };
        try
        {
            (upstream, refusal) = await new UpstreamOpener(services, connector, login, request).OpenAsync(session, written);
        }
        catch (OperationCanceledException) when (session.End != SessionEnd.None)
        {
            // The reason was given with the end.
        }
        finally
        {
            await session.Loop.Switch();
            session.Interrupt = null;
        }

        // The next to be waited for is the client, which has to take its answer.
        session.SetDeadline(session.Config.Limits.Authentication);
        session.Upstream = upstream?.Connection;
        if (session.End != SessionEnd.None)
        {
            await SayAsync(session, ErrorFields.Fatal(Refusals.SqlStateOf(session.End), Refusals.Farewell(session.End)));
            return null;
        }

        if (upstream is null)
        {
            troubles.Tell(session.Access!, refusal!);
            await RefuseAsync(session, refusal!);
        }

        return upstream;
    }
}
