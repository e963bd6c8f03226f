using System.Collections.Frozen;
using System.Collections.Immutable;
using System.Text;
using Microsoft.AspNetCore.Http;
using WireGate.Admin.Access;
using WireGate.Admin.Api;
using WireGate.Core.Approvals;
using WireGate.Core.Audit;
using WireGate.Core.Configuration;

namespace WireGate.Admin.Endpoints;

/// <summary>Asking for, showing and deciding approvals.</summary>
internal sealed class ApprovalEndpoints(AdminDependencies daemon)
{
    private const string Postgres = "postgres";

    // What SQL takes for white space, so that nobody's meaning hangs on it.
    private static readonly char[] WhiteSpace = [' ', '\t', '\n', '\r', '\f', '\v'];

    /// <summary>POST /v1/approvals</summary>
    public async Task RequestAsync(AdminCall call)
    {
        if (await call.ReadAsync(AdminJson.Default.RequestApprovalBody) is not RequestApprovalBody body)
        {
            return;
        }

        if (body.Sql is null == body.HttpRequest is null)
        {
            await call.RefuseAsync(StatusCodes.Status400BadRequest, "sql, httpRequest: say one of them");
            return;
        }

        if (body.HttpRequest is { } request)
        {
            await RequestHttpAsync(call, body, request);
            return;
        }

        byte[] sql = Encoding.UTF8.GetBytes(body.Sql!.Trim(WhiteSpace));
        if (sql.Length == 0 || !MintRules.IsSubject(body.For))
        {
            await call.RefuseAsync(StatusCodes.Status400BadRequest, sql.Length == 0 ? "sql: there is nothing to run" : "for: the subject that will run it");
            return;
        }

        if (ApprovalDisplay.WholeOf(sql) is not { } display)
        {
            await call.RefuseAsync(StatusCodes.Status400BadRequest, $"sql: it cannot be shown to people in full: {ApprovalDisplay.MaxBytes} bytes at most");
            return;
        }

        if (!call.Config.Targets.TryGetValue(body.Target, out TargetConfig? target) || target.Protocol != Postgres)
        {
            await call.RefuseAsync(StatusCodes.Status400BadRequest, "target: the config has no PostgreSQL target of this name");
            return;
        }

        string? database = body.Database ?? (target.Databases is [var only] ? only : null);
        if (database is null || (!target.Databases.IsEmpty && !target.Databases.Contains(database)))
        {
            await call.RefuseAsync(
                StatusCodes.Status400BadRequest,
                database is null ? "database: say in which one it will be run" : "database: the target has none of this name");
            return;
        }

        BeforehandAnswer answer = daemon.BeforehandTerms.Judge(call.Config, target, database, body.Login, body.For, sql);
        if (!answer.IsHeld)
        {
            await call.RefuseAsync(StatusCodes.Status409Conflict, answer.Refusal);
            return;
        }

        await RequestAsync(call, RequestOf(call, body, target, database, answer.Terms, sql, display));
    }

    private async Task RequestHttpAsync(AdminCall call, RequestApprovalBody body, byte[] request)
    {
        string? wrong = !MintRules.IsSubject(body.For) ? "for: the subject that will make it"
            : body.Database is not null ? "database: a request of HTTP has none"
            : null;
        if (wrong is not null || !call.Config.Targets.TryGetValue(body.Target, out TargetConfig? target) || target.Protocol != ProtocolNames.Http)
        {
            await call.RefuseAsync(StatusCodes.Status400BadRequest, wrong ?? "target: the config has no target of protocol http of this name");
            return;
        }

        BeforehandAnswer answer = daemon.BeforehandTerms.JudgeRequest(call.Config, target, body.Login, body.For, request);
        if (!answer.IsHeld)
        {
            await call.RefuseAsync(StatusCodes.Status409Conflict, answer.Refusal);
            return;
        }

        BeforehandTerms terms = answer.Terms;
        await RequestAsync(call, new ApprovalRequest
        {
            Kind = ApprovalKind.Beforehand,
            Requester = terms.Requester,
            AskedBy = call.Caller.Identity,
            Target = target.Name,
            Login = terms.Login,
            Protocol = target.Protocol,
            Source = call.Caller.ToString(),
            Digest = terms.Text!.Digest,
            Key = terms.Text.Key,
            Display = terms.Text.Display,
            Context = terms.Text.Context,
            Rule = terms.Rule,
            Config = call.Config.Version,
            Terms = terms.Terms,
            Reason = body.Reason,
        });
    }

    private async Task RequestAsync(AdminCall call, ApprovalRequest request)
    {
        try
        {
            // Not tied to the connection: what is stored has its audit record, even if the caller hangs up in between.
            Approval approval = await daemon.Approvals.RequestAsync(request, CancellationToken.None);
            call.Http.Response.StatusCode = StatusCodes.Status201Created;
            await call.AnswerAsync(ApprovalViews.Of(approval), AdminJson.Default.ApprovalView);
        }
        catch (ApprovalRefusedException e)
        {
            await call.RefuseAsync(StatusCodes.Status429TooManyRequests, e.Message);
        }
    }

    /// <summary>GET /v1/approvals?state=pending</summary>
    public async Task ListAsync(AdminCall call)
    {
        ApprovalState? state = null;
        if (call.Http.Request.Query.TryGetValue("state", out var wanted))
        {
            state = ApprovalViews.StateOf(wanted.ToString());
            if (state is null)
            {
                await call.RefuseAsync(
                    StatusCodes.Status400BadRequest, $"state: one of {string.Join(", ", Enum.GetValues<ApprovalState>().Select(ApprovalViews.NameOf))}");
                return;
            }
        }

        ImmutableArray<Approval> found = await daemon.Approvals.ListAsync(state, call.Aborted);
        IReadOnlyList<ApprovalView> views = [.. found.Select(ApprovalViews.Of)];
        await call.AnswerAsync(views, AdminJson.Default.IReadOnlyListApprovalView);
    }

    /// <summary>GET /v1/approvals/{id}</summary>
    public async Task ShowAsync(AdminCall call)
    {
        Approval? approval = await daemon.Approvals.FindAsync(IdOf(call), call.Aborted);
        await (approval is null
            ? call.RefuseAsync(StatusCodes.Status404NotFound, "there is no approval of this id")
            : call.AnswerAsync(ApprovalViews.Of(approval), AdminJson.Default.ApprovalView));
    }

    /// <summary>POST /v1/approvals/{id}/approve</summary>
    public async Task ApproveAsync(AdminCall call)
    {
        if (await call.ReadAsync(AdminJson.Default.ApproveBody) is ApproveBody body)
        {
            await AnswerAsync(call, AdminVerb.Approve, await daemon.Approvals.ApproveAsync(ApproverOf(call), IdOf(call), body.Digest, CancellationToken.None));
        }
    }

    /// <summary>POST /v1/approvals/{id}/deny</summary>
    public async Task DenyAsync(AdminCall call)
    {
        if (await call.ReadAsync(AdminJson.Default.DenyBody) is DenyBody body)
        {
            await AnswerAsync(call, AdminVerb.Deny, await daemon.Approvals.DenyAsync(ApproverOf(call), IdOf(call), body.Reason, CancellationToken.None));
        }
    }

    // The gate has made sure that the identity is the mapped one.
    private static Approver ApproverOf(AdminCall call) => new(call.Caller.Identity, call.Caller.Peer.UserId, call.Caller.ToString());

    private static string IdOf(AdminCall call) => call.Http.Request.RouteValues["id"] as string ?? "";

    private static ApprovalRequest RequestOf(
        AdminCall call, RequestApprovalBody body, TargetConfig target, string database, BeforehandTerms terms, byte[] sql, string display) => new()
        {
            Kind = ApprovalKind.Beforehand,
            Requester = terms.Requester,
            AskedBy = call.Caller.Identity,
            Target = target.Name,
            Login = terms.Login,
            Protocol = Postgres,
            Database = database,
            Source = call.Caller.ToString(),
            Digest = ApprovalDigest.Of(
            Postgres, target.Name, string.Join(", ", target.Addresses), terms.Login, terms.Requester, "query", sql, [],
            new Dictionary<string, string> { ["database"] = database }.ToFrozenDictionary(StringComparer.Ordinal)),
            Key = ApprovalDigest.KeyOf(Postgres, target.Name, string.Join(", ", target.Addresses), database, terms.Login, terms.Requester.Subject, sql, []),
            Display = display,
            Rule = terms.Rule,
            Config = call.Config.Version,
            Terms = terms.Terms,
            Reason = body.Reason,
        };

    private async Task AnswerAsync(AdminCall call, AdminVerb verb, VoteResult result)
    {
        if (result.IsTaken)
        {
            DecidedView view = new(result.Outcome.ToString().ToLowerInvariant(), result.Message, ApprovalViews.Of(result.Approval!));
            await call.AnswerAsync(view, AdminJson.Default.DecidedView);
            return;
        }

        if (result.Outcome == VoteOutcome.NotAllowed)
        {
            // Who tries to approve what is their own must be seen.
            await daemon.Audit.WhenDurableAsync(daemon.Audit.Append(new AuditEvent(AuditEventKind.AdminAction)
            {
                Actor = call.Caller.Identity,
                Source = call.Caller.ToString(),
                Config = call.Config.Version,
                Approval = result.Approval?.Id,
                Detail = $"{AdminAccess.Name(verb)}: refused: {result.Message}",
            }));
        }

        await call.RefuseAsync(
            result.Outcome switch
            {
                VoteOutcome.NotFound => StatusCodes.Status404NotFound,
                VoteOutcome.Malformed => StatusCodes.Status400BadRequest,
                VoteOutcome.WrongDigest or VoteOutcome.TooLate => StatusCodes.Status409Conflict,
                _ => StatusCodes.Status403Forbidden,
            },
            result.Message);
    }
}
