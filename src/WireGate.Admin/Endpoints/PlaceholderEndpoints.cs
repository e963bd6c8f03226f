using System.Text.Json;
using Microsoft.AspNetCore.Http;
using WireGate.Admin.Api;
using WireGate.Core.Audit;
using WireGate.Core.Credentials;
using WireGate.Core.Sessions;

namespace WireGate.Admin.Endpoints;

/// <summary>Minting, showing and revoking placeholders.</summary>
internal sealed class PlaceholderEndpoints(AdminDependencies daemon)
{
    /// <summary>POST /v1/placeholders</summary>
    public async Task MintAsync(AdminCall call)
    {
        if (await call.ReadAsync(AdminJson.Default.MintBody) is not MintBody body)
        {
            return;
        }

        (MintRequest? request, string? refusal) = MintRules.Judge(call.Config, body, call.Caller.Identity, daemon.Time.GetUtcNow());
        if (request is null)
        {
            await call.RefuseAsync(StatusCodes.Status400BadRequest, refusal!);
            return;
        }

        // Not tied to the connection: what is stored has its audit record, even if the caller hangs up in between.
        MintResult result = await daemon.Placeholders.MintAsync(request, call.Config.Placeholders, CancellationToken.None);
        if (!result.IsMinted)
        {
            await call.RefuseAsync(StatusCodes.Status400BadRequest, result.Refusal);
            return;
        }

        using (MintedPlaceholder minted = result.Minted)
        {
            // If the log fails now, a placeholder stays of which nobody ever learns the token.
            await AuditAsync(call, AuditEventKind.PlaceholderMinted, minted.Placeholder, Describe(minted.Placeholder));
            await AnswerAsync(call, minted, [.. MintRules.Warnings(call.Config, request)]);
        }
    }

    /// <summary>GET /v1/placeholders</summary>
    public Task ListAsync(AdminCall call)
    {
        DateTimeOffset now = daemon.Time.GetUtcNow();
        IReadOnlyList<PlaceholderView> views =
            [.. daemon.Placeholders.List().Select(p => Views.Of(p, now))];
        return call.AnswerAsync(views, AdminJson.Default.IReadOnlyListPlaceholderView);
    }

    /// <summary>GET /v1/placeholders/{id}</summary>
    public Task ShowAsync(AdminCall call)
    {
        string? id = call.Http.Request.RouteValues["id"] as string;
        Placeholder? placeholder = daemon.Placeholders.List().FirstOrDefault(p => p.Id == id);
        return placeholder is null
            ? call.RefuseAsync(StatusCodes.Status404NotFound, "there is no placeholder of this id")
            : call.AnswerAsync(Views.Of(placeholder, daemon.Time.GetUtcNow()), AdminJson.Default.PlaceholderView);
    }

    /// <summary>POST /v1/placeholders/revoke</summary>
    public async Task RevokeAsync(AdminCall call)
    {
        if (await call.ReadAsync(AdminJson.Default.RevokeBody) is not RevokeBody body)
        {
            return;
        }

        if (FilterOf(body) is not { } filter)
        {
            await call.RefuseAsync(StatusCodes.Status400BadRequest, "say which, by one of: an id, all, a target, issuedBefore");
            return;
        }

        // Not tied to the connection: a caller that hangs up has still revoked.
        IReadOnlyList<Placeholder> revoked = await daemon.Placeholders.RevokeAsync(filter, CancellationToken.None);
        int sessions = revoked.Sum(p => daemon.Sessions.Kill(new SessionFilter { Placeholder = p.Id }, SessionEnd.Revoked));
        AuditPosition position = default;
        foreach (Placeholder placeholder in revoked)
        {
            position = Append(call, AuditEventKind.PlaceholderRevoked, placeholder, null);
        }

        if (revoked.Count == 0)
        {
            position = Append(call, AuditEventKind.AdminAction, null, "placeholder revoke: nothing matched");
        }

        await daemon.Audit.WhenDurableAsync(position);
        if (body.Id is not null && revoked.Count == 0)
        {
            await call.RefuseAsync(StatusCodes.Status404NotFound, "there is no placeholder of this id, or it was revoked before");
            return;
        }

        await call.AnswerAsync(new RevokedView([.. revoked.Select(p => p.Id)], sessions), AdminJson.Default.RevokedView);
    }

    /// <summary>Null: none was named, or more than one.</summary>
    private static RevokeFilter? FilterOf(RevokeBody body) => body switch
    {
        { Id: { } id, All: false, Target: null, IssuedBefore: null } => new RevokeFilter.ById(id),
        { Id: null, All: true, Target: null, IssuedBefore: null } => new RevokeFilter.All(),
        { Id: null, All: false, Target: { } target, IssuedBefore: null } => new RevokeFilter.ByTarget(target),
        { Id: null, All: false, Target: null, IssuedBefore: { } moment } => new RevokeFilter.ByAge(moment),
        _ => null,
    };

    private static async Task AnswerAsync(AdminCall call, MintedPlaceholder minted, IReadOnlyList<string> warnings)
    {
        HttpResponse response = call.Http.Response;
        response.StatusCode = StatusCodes.Status201Created;
        response.ContentType = "application/json";
        using (Utf8JsonWriter writer = new(response.BodyWriter))
        {
            writer.WriteStartObject();
            writer.WriteString("id"u8, minted.Placeholder.Id);
            // From the secret's own bytes: the token is never a string.
            writer.WriteString("token"u8, minted.Token.Span);
            writer.WriteString("expires"u8, minted.Placeholder.Expires);
            writer.WriteStartArray("warnings"u8);
            foreach (string warning in warnings)
            {
                writer.WriteStringValue(warning);
            }

            writer.WriteEndArray();
            writer.WritePropertyName("connect"u8);
            JsonSerializer.Serialize(writer, ConnectHints.For(call.Config, minted.Placeholder), AdminJson.Default.IReadOnlyListConnectView);
            writer.WriteEndObject();
        }

        await response.BodyWriter.FlushAsync(call.Aborted);
    }

    private static string Describe(Placeholder placeholder)
    {
        string targets = $"targets {string.Join(' ', placeholder.Targets)}";
        string until = $"expires {placeholder.Expires:O}";
        string uses = placeholder.UsesLeft is int left ? $"uses {left}" : "any number of uses";
        string parent = placeholder.Parent is null ? "" : $"; parent {placeholder.Parent}";
        return $"{targets}; {until}; {uses}{parent}";
    }

    private AuditPosition Append(AdminCall call, AuditEventKind kind, Placeholder? placeholder, string? detail) =>
        daemon.Audit.Append(new AuditEvent(kind)
        {
            Actor = call.Caller.Identity,
            Source = call.Caller.ToString(),
            Config = call.Config.Version,
            Placeholder = placeholder?.Id,
            Identity = placeholder?.Identity,
            Target = placeholder?.Targets is [string only] ? only : null,
            Login = placeholder?.Login,
            Detail = detail,
        });

    private ValueTask AuditAsync(AdminCall call, AuditEventKind kind, Placeholder placeholder, string detail) =>
        daemon.Audit.WhenDurableAsync(Append(call, kind, placeholder, detail));
}
