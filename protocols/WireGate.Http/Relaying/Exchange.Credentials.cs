using WireGate.Core.Configuration;
using WireGate.Core.Credentials;
using WireGate.Core.Sessions;
using WireGate.Http.Credentials;

namespace WireGate.Http.Relaying;

/// <content>The real credential, where it is not at hand.</content>
internal sealed partial class Exchange
{
    private async ValueTask<(Credential? Credential, Refusal? Refusal)> FetchAsync(LoginConfig login)
    {
        try
        {
            Credential? credential = await of.Services.Credentials.FetchAsync(Shown(login), fresh: false, CancellationToken.None);
            await Session.Loop.Switch();
            if (credential is not null)
            {
                return (credential, null);
            }

            Process.Logger.CredentialUnfit(Access.Target.Name, login.Name);
            return (null, new Refusal(SessionEnd.CredentialUnavailable, "the credential for the upstream is not available", "the secret is empty, or has a control character in it"));
        }
        catch (SecretUnavailableException e)
        {
            await Session.Loop.Switch();
            return (null, new Refusal(SessionEnd.CredentialUnavailable, "the credential for the upstream is not available", e.Message));
        }
    }

    private async ValueTask<bool> TryRefreshAsync(LoginConfig login, Credential used)
    {
        bool isOther = await of.Services.Credentials.TryRefreshAsync(Shown(login), used, CancellationToken.None);
        await Session.Loop.Switch();
        return isOther;
    }
}
