using WireGate.Core.Credentials;

namespace WireGate.Postgres.Upstream;

/// <summary>Fetches a login's password, as PostgreSQL can take it.</summary>
internal static class UpstreamPassword
{
    /// <returns>The password, owned by the caller.</returns>
    /// <exception cref="SecretUnavailableException">It cannot be had, or is none that could be sent.</exception>
    public static async ValueTask<Secret> FetchAsync(SecretProvider secrets, string name, bool fresh, CancellationToken cancellationToken)
    {
        Secret password = await secrets.FetchAsync(name, fresh, cancellationToken);
        if (!password.Span.Contains((byte)0))
        {
            return password;
        }

        password.Dispose();
        throw new SecretUnavailableException($"secret {name} holds a NUL byte, which no PostgreSQL password can: is it a file in UTF-16, or a binary key?");
    }
}
