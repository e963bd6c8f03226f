using System.CommandLine;
using WireGate.Configuration;

namespace WireGate.Commands;

/// <summary><c>wiregate schema</c>: what an editor needs to complete and check the config file.</summary>
internal static class SchemaCommand
{
    internal static Command Create()
    {
        var command = new Command("schema", "Print the JSON Schema of the config file.");
        command.SetAction(result =>
        {
            result.InvocationConfiguration.Output.WriteLine(ConfigSchema.Create().ToJsonString(ConfigSchema.Printed));
            return 0;
        });
        return command;
    }
}
