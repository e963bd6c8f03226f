using System.Runtime.CompilerServices;
using WireGate.Core.Configuration;
using WireGate.Core.Credentials;

namespace WireGate.Http.Credentials.Tokens;

/// <summary>The tokens of all logins that show one. For any thread.</summary>
/// <param name="secrets">What is shown for them.</param>
/// <param name="time">The clock.</param>
internal sealed class LoginTokens(SecretProvider secrets, TimeProvider time)
{
    // Weak, so that what a reload took away goes with its config; what it had is erased then.
    private readonly ConditionalWeakTable<HttpLoginConfig, TokenCache> _caches = [];

    /// <summary>What a login shows: its token, or the secret itself where there is none. Continues anywhere.</summary>
    /// <param name="login">The login.</param>
    /// <param name="fresh">The upstream did not accept what was shown.</param>
    /// <param name="cancellationToken">Nobody waits for it any longer.</param>
    /// <returns>Owned by the caller.</returns>
    /// <exception cref="SecretUnavailableException">It cannot be had.</exception>
    public ValueTask<Secret> FetchAsync(HttpLoginConfig login, bool fresh, CancellationToken cancellationToken) => login.Token is null
        ? secrets.FetchAsync(login.Secret, fresh, cancellationToken)
        : _caches.GetValue(login, Make).FetchAsync(fresh, cancellationToken);

    private TokenCache Make(HttpLoginConfig login) => new(IssuerOf(login.Token!), secrets, login.Secret, time);

    private ITokenIssuer IssuerOf(HttpTokenConfig config)
    {
        var client = new TokenClient(config.Endpoint, time);
        return config switch
        {
            OAuth2TokenConfig oauth2 => new OAuth2Issuer(oauth2, client),
            GitHubAppConfig app => new GitHubAppIssuer(app, client, time),
            _ => throw new ArgumentException("no such token", nameof(config)),
        };
    }
}
