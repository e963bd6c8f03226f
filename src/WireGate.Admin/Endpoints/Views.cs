using WireGate.Admin.Api;
using WireGate.Core.Configuration;
using WireGate.Core.Credentials;
using WireGate.Core.Sessions;

namespace WireGate.Admin.Endpoints;

/// <summary>Our records as the API shows them.</summary>
internal static class Views
{
    /// <summary>The state that a placeholder is in; the first that applies.</summary>
    public static string StateOf(Placeholder placeholder, DateTimeOffset now) =>
        placeholder.Revoked is not null ? "revoked"
        : placeholder.Expires <= now ? "expired"
        : placeholder.UsesLeft <= 0 ? "used-up"
        : placeholder.NotBefore > now ? "not-yet"
        : "active";

    public static PlaceholderView Of(Placeholder placeholder, DateTimeOffset now) => new()
    {
        Id = placeholder.Id,
        State = StateOf(placeholder, now),
        Identity = placeholder.Identity.ToString(),
        Groups = placeholder.Identity.Groups,
        Claims = placeholder.Identity.Claims is { Count: > 0 } claims
            ? new SortedDictionary<string, string>(claims.ToDictionary(), StringComparer.Ordinal)
            : null,
        Targets = placeholder.Targets,
        Login = placeholder.Login,
        Sources = [.. placeholder.Sources.Select(s => s.ToString())],
        NotBefore = placeholder.NotBefore,
        Expires = placeholder.Expires,
        Session = placeholder.SessionLifetime is TimeSpan lifetime ? Duration.Format(lifetime) : null,
        UsesLeft = placeholder.UsesLeft,
        Parent = placeholder.Parent,
        MintedBy = placeholder.MintedBy.ToString(),
        Minted = placeholder.Minted,
        Revoked = placeholder.Revoked,
    };

    public static SessionView Of(SessionInfo session) => new()
    {
        Id = session.Id,
        Phase = session.Phase switch
        {
            SessionPhase.Handshake => "handshake",
            SessionPhase.Held => "held",
            SessionPhase.Connecting => "connecting",
            SessionPhase.Relaying => "relaying",
            _ => "ending",
        },
        Listener = session.Listener,
        Source = session.Source,
        Identity = session.Identity?.ToString(),
        Placeholder = session.Placeholder,
        Target = session.Target,
        Login = session.Login,
        Grant = session.Grant,
        Database = session.Database,
        Opened = session.Opened,
        ClientBytes = session.ClientBytes,
        UpstreamBytes = session.UpstreamBytes,
    };
}
