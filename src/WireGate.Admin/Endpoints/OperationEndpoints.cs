using System.Text.Json;
using Microsoft.AspNetCore.Http;
using WireGate.Admin.Api;
using WireGate.Core.Audit;
using WireGate.Core.Sessions;

namespace WireGate.Admin.Endpoints;

/// <summary>Sessions, references and the daemon's own state.</summary>
internal sealed class OperationEndpoints(AdminDependencies daemon, DateTimeOffset started)
{
    // The longest that a client was ever told is 6; more leaves room and bounds the search.
    private const int LongestReference = 16;

    /// <summary>GET /v1/sessions</summary>
    public Task ListSessionsAsync(AdminCall call)
    {
        IReadOnlyList<SessionView> views = [.. daemon.Sessions.List().OrderBy(s => s.Opened).Select(Views.Of)];
        return call.AnswerAsync(views, AdminJson.Default.IReadOnlyListSessionView);
    }

    /// <summary>POST /v1/sessions/kill</summary>
    public async Task KillSessionsAsync(AdminCall call)
    {
        if (await call.ReadAsync(AdminJson.Default.KillBody) is not KillBody body)
        {
            return;
        }

        Identity? identity = null;
        if (body.Identity is not null && !TryReadIdentity(body.Identity, out identity))
        {
            await call.RefuseAsync(StatusCodes.Status400BadRequest, "identity: issuer:subject, with the issuer local or unix");
            return;
        }

        SessionFilter filter = new() { Id = body.Id, Identity = identity, Target = body.Target, Placeholder = body.Placeholder };
        if (filter.IsEmpty)
        {
            await call.RefuseAsync(StatusCodes.Status400BadRequest, "say which: an id, an identity, a target or a placeholder");
            return;
        }

        int killed = daemon.Sessions.Kill(filter, SessionEnd.Revoked);
        await daemon.Audit.WhenDurableAsync(daemon.Audit.Append(new AuditEvent(AuditEventKind.AdminAction)
        {
            Actor = call.Caller.Identity,
            Source = call.Caller.ToString(),
            Config = call.Config.Version,
            Session = body.Id,
            Identity = identity,
            Target = body.Target,
            Placeholder = body.Placeholder,
            Detail = $"session kill: {killed} told to end",
        }));
        if (killed == 0)
        {
            await call.RefuseAsync(StatusCodes.Status404NotFound, "no open session matches");
            return;
        }

        await call.AnswerAsync(new KilledView(killed), AdminJson.Default.KilledView);
    }

    /// <summary>GET /v1/why/{ref}</summary>
    public async Task WhyAsync(AdminCall call)
    {
        string reference = (call.Http.Request.RouteValues["ref"] as string ?? "").ToUpperInvariant();
        if (reference.Length is 0 or > LongestReference || !reference.All(char.IsAsciiLetterOrDigit))
        {
            await call.RefuseAsync(StatusCodes.Status400BadRequest, "a reference is a few letters and digits, such as 7F3K2Q");
            return;
        }

        ReferencedRecord? found = await daemon.References.FindAsync(reference, call.Aborted);
        if (found is null)
        {
            await call.RefuseAsync(StatusCodes.Status404NotFound, $"the audit log has no record with the reference {reference}");
            return;
        }

        using JsonDocument record = JsonDocument.Parse(found.Json);
        await call.AnswerAsync(new WhyView
        {
            Reference = reference,
            Time = found.Time,
            Chain = found.Position.Chain,
            Sequence = found.Position.Sequence,
            Record = RecordViews.Of(record.RootElement),
            Session = found.Session is { } session ? JsonElement.Parse(session.Span) : null,
        }, AdminJson.Default.WhyView);
    }

    /// <summary>GET /v1/status</summary>
    public Task StatusAsync(AdminCall call)
    {
        DateTimeOffset now = daemon.Time.GetUtcNow();
        return call.AnswerAsync(new StatusView
        {
            Version = typeof(AdminServer).Assembly.GetName().Version!.ToString(3),
            Config = call.Config.Version,
            Started = started,
            Sessions = daemon.Sessions.List().Count,
            Placeholders = daemon.Placeholders.List().Count(p => Views.StateOf(p, now) == "active"),
        }, AdminJson.Default.StatusView);
    }

    // A subject may hold colons itself.
    private static bool TryReadIdentity(string text, out Identity? identity)
    {
        int colon = text.IndexOf(':', StringComparison.Ordinal);
        string issuer = colon < 0 ? "" : text[..colon];
        bool isKnown = issuer is Identity.LocalIssuer or Identity.UnixIssuer && colon + 1 < text.Length;
        identity = isKnown ? new Identity { Issuer = issuer, Subject = text[(colon + 1)..] } : null;
        return isKnown;
    }
}
