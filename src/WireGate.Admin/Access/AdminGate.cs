using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging;
using WireGate.Admin.Endpoints;
using WireGate.Core.Audit;
using WireGate.Core.Configuration;
using WireGate.Core.Credentials;
using WireGate.Identities.Unix;

namespace WireGate.Admin.Access;

/// <summary>The verb that an endpoint carries.</summary>
internal sealed record VerbMetadata(AdminVerb Verb);

/// <summary>Who is at the other end of a connection.</summary>
internal sealed record PeerFeature(UnixPeer Peer);

/// <summary>Stands before every endpoint: says who asks, whether they may, and turns failures into answers.</summary>
internal sealed class AdminGate(AdminDependencies daemon, Refusals refusals)
{
    private readonly ILogger _logger = daemon.Loggers.CreateLogger<AdminServer>();

    /// <summary>The handler of an endpoint, which only ever runs behind <see cref="AuthorizeAsync"/>.</summary>
    public static RequestDelegate Run(Func<AdminCall, Task> handle) => http => handle(http.Features.GetRequiredFeature<AdminCall>());

    /// <summary>Outermost: whatever fails becomes one answer, without the daemon's inner words.</summary>
    public async Task InvokeAsync(HttpContext http, RequestDelegate next)
    {
        http.Response.Headers.CacheControl = "no-store";
        try
        {
            await next(http);
        }
        catch (OperationCanceledException) when (http.RequestAborted.IsCancellationRequested)
        {
            // The caller hung up; nobody is left to answer.
        }
        catch (BadHttpRequestException e) when (!http.Response.HasStarted)
        {
            await AdminCall.RefuseAsync(http, e.StatusCode, "the request is malformed, too large or too slow");
        }
        catch (StoreUnavailableException e) when (!http.Response.HasStarted)
        {
            Failed(e);
            await AdminCall.RefuseAsync(http, StatusCodes.Status503ServiceUnavailable, "the store is not available: see the daemon's log");
        }
        catch (AuditFailedException e) when (!http.Response.HasStarted)
        {
            Failed(e);
            await AdminCall.RefuseAsync(http, StatusCodes.Status503ServiceUnavailable, "the audit log cannot be written: see the daemon's log");
        }
        catch (Exception e)
        {
            Failed(e);
            if (http.Response.HasStarted)
            {
                http.Abort();
                return;
            }

            await AdminCall.RefuseAsync(http, StatusCodes.Status500InternalServerError, "the daemon failed: see its log");
        }

        void Failed(Exception e) =>
            _logger.AdminFailed(e, AdminAccess.Name(VerbOf(http)), http.Features.Get<AdminCall>()?.Caller.ToString() ?? "an unknown caller");
    }

    /// <summary>Behind routing: nothing passes whose verb is not known and allowed to the caller.</summary>
    public async Task AuthorizeAsync(HttpContext http, RequestDelegate next)
    {
        GatewayConfig config = daemon.Config();
        UnixPeer peer = http.Features.GetRequiredFeature<PeerFeature>().Peer;
        string? userName = daemon.UserNameOf(peer.UserId);
        AdminRights rights = AdminAccess.RightsOf(config, peer.UserId, userName, daemon.DaemonUserId);
        AdminCaller caller = new(peer, userName, rights.Role, UnixIdentities.ForRecord(config, peer.UserId, userName));
        AdminVerb verb = VerbOf(http);
        if (verb == AdminVerb.None && rights.Role != AdminRole.None)
        {
            bool isKnown = http.GetEndpoint() is not null;
            await AdminCall.RefuseAsync(http, isKnown ? StatusCodes.Status405MethodNotAllowed : StatusCodes.Status404NotFound, "there is no such call");
            return;
        }

        if (!AdminAccess.Allows(rights, verb))
        {
            await RefuseAsync(http, config, caller, verb);
            return;
        }

        http.Features.Set(new AdminCall(http, caller, config));
        await next(http);
    }

    private static AdminVerb VerbOf(HttpContext http) => http.GetEndpoint()?.Metadata.GetMetadata<VerbMetadata>()?.Verb ?? AdminVerb.None;

    private async Task RefuseAsync(HttpContext http, GatewayConfig config, AdminCaller caller, AdminVerb verb)
    {
        await refusals.RecordAsync(config, caller, verb);
        string name = AdminAccess.Name(verb);
        string user = caller.UserName ?? $"uid {caller.Peer.UserId}";
        if (verb is AdminVerb.Approve or AdminVerb.Deny && WhyNobody(config, caller) is { } why)
        {
            await AdminCall.RefuseAsync(http, StatusCodes.Status403Forbidden, $"{user} may not do {name}: {why}");
            return;
        }

        string roles = AdminAccess.RolesFor(verb);
        await AdminCall.RefuseAsync(http, StatusCodes.Status403Forbidden, $"{user} may not do {name}: {roles} in the config names who may");
    }

    /// <summary>Why a caller is nobody in particular; null: they are somebody.</summary>
    private static string? WhyNobody(GatewayConfig config, AdminCaller caller) =>
        caller.Peer.UserId == 0 ? "root can become anybody, so its word is nobody's; use an account of your own"
        : UnixIdentities.TryMap(config, caller.UserName, out _) ? null
        : "identity.unix in the config does not say who that is";
}
