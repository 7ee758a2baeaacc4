// Builds kernel images through MSBuild: one `dotnet build` of Boot/Boot.csproj per variant, one at a time.

using CSharpOS.Tool.Processes;

namespace CSharpOS.Tool.Images;

/// <summary>Builds kernel images.</summary>
public static class ImageBuilder
{
    /// <summary>Builds one variant: both its kernels.</summary>
    /// <exception cref="CsosException">It does not build; the compiler's messages were printed.</exception>
    public static async Task BuildAsync(ToolContext context, Variant variant)
    {
        string project = context.PathOf("Boot", "Boot.csproj");
        if (!File.Exists(project))
        {
            throw new CsosException($"there is no {ToolContext.Shown(project)} to build the image from");
        }

        string[] arguments =
        [
            "build", project, .. variant.BuildArguments, "-m:1", "-v:q", "--nologo", "-clp:NoSummary", "-nodeReuse:false",
        ];
        Captured build = await Captured.RunAsync(Dotnet(context), arguments, context.Root, context.Cancellation.Token);
        if (build.ExitCode != 0)
        {
            context.Error.Write(build.Everything);
            throw new CsosException($"the image {variant} does not build (messages above)");
        }

        Require(context, variant.Kernel(context), "the build made no");
    }

    /// <summary>Checks that an image is there.</summary>
    public static void Require(ToolContext context, string image, string otherwise = "not built yet:")
    {
        if (!File.Exists(image))
        {
            throw new CsosException($"{otherwise} {Path.GetRelativePath(context.Root, image)}");
        }
    }

    /// <summary>The <c>dotnet</c> that runs this tool.</summary>
    public static string Dotnet(ToolContext context) => context.Variable("DOTNET_HOST_PATH") ?? "dotnet";
}
