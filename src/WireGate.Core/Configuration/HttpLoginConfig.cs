using System.Collections.Immutable;

namespace WireGate.Core.Configuration;

/// <summary>
/// Where the real credential stands in a request, and how it is written there: <see cref="Before"/>, the secret, <see cref="After"/>. In
/// Basic it is the user or the password of what is then put into base64.
/// </summary>
public sealed record HttpLoginConfig
{
    /// <summary>Name of the secret.</summary>
    public required string Secret { get; init; }

    /// <summary>Names of all secrets that it needs.</summary>
    public IEnumerable<string> Secrets => new[] { Secret, Aws?.AccessKey, Aws?.SessionToken, Body?.Secret }.OfType<string>();

    /// <summary>Where it stands.</summary>
    public required HttpSurface Surface { get; init; }

    /// <summary>Name of the header, as it is written, of the query parameter or of the cookie; of a body, the pointer (RFC 6901). Empty for Basic.</summary>
    public string Name { get; init; } = "";

    /// <summary>What stands before the secret; for <see cref="HttpSurface.BasicPassword"/> the user's name, without the colon.</summary>
    public string Before { get; init; } = "";

    /// <summary>What stands behind the secret.</summary>
    public string After { get; init; } = "";

    /// <summary>PEM file of the certificate whose key the secret is; null but for <see cref="HttpSurface.ClientCertificate"/>.</summary>
    public string? CertificatePath { get; init; }

    /// <summary>
    /// Who gives the token that is shown, for which the secret is what is shown there; null: the secret itself is what is shown.
    /// </summary>
    public HttpTokenConfig? Token { get; init; }

    /// <summary>How requests are signed; null but for <see cref="HttpSurface.Signature"/>.</summary>
    public AwsSigningConfig? Aws { get; init; }

    /// <summary>Of <see cref="HttpSurface.Body"/>, the paths whose bodies are read for it, and no others.</summary>
    public ImmutableArray<PathPattern> Paths { get; init; } = [];

    /// <summary>What stands in bodies of some paths, where it does not stand in the head; null: nothing, or this itself is that.</summary>
    public HttpLoginConfig? Body { get; init; }

    /// <summary>What stands in bodies of some paths; null: nothing does.</summary>
    public HttpLoginConfig? InBody => Surface == HttpSurface.Body ? this : Body;
}

/// <summary>Where a credential stands in a request of HTTP.</summary>
public enum HttpSurface
{
    /// <summary>Nowhere.</summary>
    None = 0,

    /// <summary>In a header; <c>Authorization: Bearer</c> is one.</summary>
    Header,

    /// <summary>In a query parameter.</summary>
    Query,

    /// <summary>The user of Basic, whose password is empty.</summary>
    BasicUser,

    /// <summary>The password of Basic.</summary>
    BasicPassword,

    /// <summary>In no request: it is the key of a certificate that is shown when the connection is made.</summary>
    ClientCertificate,

    /// <summary>In no request, which is signed with it.</summary>
    Signature,

    /// <summary>In one member of a JSON body, or one field of a form.</summary>
    Body,

    /// <summary>In a cookie.</summary>
    Cookie,
}
