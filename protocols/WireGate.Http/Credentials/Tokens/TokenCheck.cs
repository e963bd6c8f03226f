using WireGate.Core.Configuration;
using WireGate.Core.Credentials;

namespace WireGate.Http.Credentials.Tokens;

/// <summary>Asks for the token of a login, for nothing but to see whether it is given.</summary>
public static class TokenCheck
{
    /// <summary>Asks once.</summary>
    /// <param name="login">The login.</param>
    /// <param name="secrets">The real credentials.</param>
    /// <param name="cancellationToken">The caller's deadline.</param>
    /// <returns>Null: it is given, or the login needs none. Else why not.</returns>
    public static async ValueTask<string?> RunAsync(LoginConfig login, SecretProvider secrets, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(login);
        if (login.Http?.Token is null)
        {
            return null;
        }

        try
        {
            (await new LoginTokens(secrets, TimeProvider.System).FetchAsync(login.Http, fresh: true, cancellationToken)).Dispose();
            return null;
        }
        catch (SecretUnavailableException e)
        {
            return e.Message;
        }
        catch (OperationCanceledException)
        {
            return "no answer in time";
        }
    }
}
