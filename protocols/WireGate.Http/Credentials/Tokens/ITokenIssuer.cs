using WireGate.Core.Credentials;

namespace WireGate.Http.Credentials.Tokens;

/// <summary>Where the tokens of one login come from.</summary>
internal interface ITokenIssuer
{
    /// <summary>Asks for one. Never blocks the calling thread; continues anywhere.</summary>
    /// <param name="secret">What is shown for it; borrowed.</param>
    /// <param name="cancellationToken">Nobody waits for it any longer.</param>
    /// <exception cref="SecretUnavailableException">There is none; says why, and nothing of what was shown.</exception>
    /// <exception cref="TokenRefusedException">What was shown was not accepted: there may be another by now.</exception>
    ValueTask<IssuedToken> IssueAsync(Secret secret, CancellationToken cancellationToken);
}
